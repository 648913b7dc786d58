import { PatchBytes } from './patch-bytes.js';
import { ChangeModel, partBytes } from './patch-changes.js';
import { BitWriter } from './patch-coder.js';
import { patchMagic } from './patch-format.js';
import { QuietWriter } from './patch-gaps.js';
import { deflatePatch } from './patch-inflate.js';
import { patchSteps } from './patch-match.js';

/** The patch that turns `base` into `next`, as PATCH.md has it. For worker threads. */
export function encodePatch(base: Uint8Array, next: Uint8Array): Uint8Array {
  const steps = new PatchBytes();
  const added = new PatchBytes();
  const gapBits = new BitWriter();
  const changeBits = new BitWriter();
  const quiet = new QuietWriter(gapBits);
  const changes = new ChangeModel(changeBits, quiet);
  let start = 0;
  let expected = 0;
  for (const step of patchSteps(base, next)) {
    const seek = step.position - expected;
    steps.number(step.copied);
    steps.number(step.added);
    steps.number(seek < 0 ? -2 * seek - 1 : 2 * seek);
    for (let copied = 0; copied < step.copied; copied += partBytes) {
      const length = Math.min(partBytes, step.copied - copied);
      const position = step.position + copied;
      const place = start + copied;
      changes.part(base.subarray(position, position + length), next.subarray(place, place + length), position, place);
    }
    start += step.copied;
    added.append(next.subarray(start, start + step.added));
    start += step.added;
    expected = step.position + step.copied;
  }
  quiet.finish();
  const streams = [deflatePatch(steps.view()), gapBits.finish(), changeBits.finish(), deflatePatch(added.view())];
  const head = Buffer.alloc(4 * streams.length);
  streams.forEach((stream, i) => head.writeUInt32BE(stream.length, 4 * i));
  return Buffer.concat([patchMagic, head, ...streams]);
}
