import { DepotError } from '../model/errors.js';
import { PatchBytes } from './patch-bytes.js';
import { ChangeModel, partBytes } from './patch-changes.js';
import { BitWriter } from './patch-coder.js';
import { patchMagic } from './patch-format.js';
import { QuietWriter } from './patch-quiet.js';
import { deflatePatch } from './patch-inflate.js';
import { patchSteps } from './patch-match.js';
import { StepModel } from './patch-steps.js';

/** Positions and lengths, and how far they are apart, have to fit into 31 bits; bytes. */
const longestPatched = 512 * 1024 ** 2;

/**
 * The patch that turns `base` into `next`, as PATCH.md has it. For worker threads.
 * @param base at most `longestPatched`, as `next`
 */
export function encodePatch(base: Uint8Array, next: Uint8Array): Uint8Array {
  if (Math.max(base.length, next.length) > longestPatched) {
    throw new DepotError('internal', `a patch of ${base.length} to ${next.length} bytes, more than ${longestPatched}`);
  }
  const stepBits = new BitWriter();
  const added = new PatchBytes();
  const gapBits = new BitWriter();
  const changeBits = new BitWriter();
  const steps = new StepModel(stepBits);
  const quiet = new QuietWriter(gapBits);
  const changes = new ChangeModel(changeBits, quiet);
  let start = 0;
  for (const step of patchSteps(base, next)) {
    steps.code(step);
    for (let copied = 0; copied < step.copied; copied += partBytes) {
      const length = Math.min(partBytes, step.copied - copied);
      const position = step.position + copied;
      const place = start + copied;
      changes.old.set(base.subarray(position, position + length));
      changes.part(next.subarray(place, place + length), position, place);
    }
    start += step.copied;
    added.append(next.subarray(start, start + step.added));
    start += step.added;
  }
  quiet.finish();
  const streams = [stepBits.finish(), gapBits.finish(), changeBits.finish(), deflatePatch(added.view())];
  const head = Buffer.alloc(4 * streams.length);
  streams.forEach((stream, i) => head.writeUInt32BE(stream.length, 4 * i));
  return Buffer.concat([patchMagic, head, ...streams]);
}
