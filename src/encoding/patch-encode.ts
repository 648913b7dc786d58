import { PatchBytes } from './patch-bytes.js';
import { patchMagic, patchStreams } from './patch-format.js';
import { deflatePatch } from './patch-inflate.js';
import { patchSteps } from './patch-match.js';

/** The patch that turns `base` into `next`, as PATCH.md has it. For worker threads. */
export function encodePatch(base: Uint8Array, next: Uint8Array): Uint8Array {
  const streams = {
    steps: new PatchBytes(),
    gaps: new PatchBytes(),
    runs: new PatchBytes(),
    values: new PatchBytes(),
    added: new PatchBytes(),
  };
  let start = 0;
  let expected = 0;
  let same = 0; // bytes since the last difference
  let run = 0; // differences in a row
  for (const { position, copied, added } of patchSteps(base, next)) {
    streams.steps.number(copied);
    streams.steps.number(added);
    const seek = position - expected;
    streams.steps.number(seek < 0 ? -2 * seek - 1 : 2 * seek);
    for (let i = 0; i < copied; i++) {
      const difference = (next[start + i]! - base[position + i]!) & 255;
      if (difference === 0) {
        if (run > 0) {
          streams.runs.number(run);
          run = 0;
        }
        same++;
      } else {
        if (run === 0) {
          streams.gaps.number(same);
          same = 0;
        }
        run++;
        streams.values.push(difference);
      }
    }
    start += copied;
    streams.added.append(next.subarray(start, start + added));
    start += added;
    expected = position + copied;
  }
  streams.runs.number(run);
  streams.gaps.number(same);
  const frames = patchStreams.map((stream) => deflatePatch(streams[stream].view()));
  const head = Buffer.alloc(4 * frames.length);
  frames.forEach((frame, i) => head.writeUInt32BE(frame.length, 4 * i));
  return Buffer.concat([patchMagic, head, ...frames]);
}
