import type { ByteSource } from './bytes.js';
import { ChangeModel, partBytes } from './patch-changes.js';
import { BitReader } from './patch-coder.js';
import { damagedPatch, patchMagic, patchStreams, type PatchStream } from './patch-format.js';
import { QuietReader } from './patch-quiet.js';
import { PatchInflate } from './patch-inflate.js';
import { StepModel } from './patch-steps.js';

/** What a reader has in place of a step. */
const nowhere = { position: 0, copied: 0, added: 0 };

/**
 * The new content, in pieces of at most 1 MiB; never more than `size` bytes. Whether it is the right one its hash tells.
 * @throws DepotError `object-damaged`
 */
export function* decodePatch(patch: Uint8Array, base: ByteSource, size: number): Generator<Uint8Array> {
  const streams = streamsOf(patch);
  const steps = new StepModel(new BitReader(streams.steps));
  const added = new PatchInflate(streams.added);
  const changes = new ChangeModel(new BitReader(streams.changes), new QuietReader(new BitReader(streams.gaps)));
  let done = 0;
  while (done < size) {
    const { position, copied: toCopy, added: toAdd } = steps.code(nowhere);
    if (toCopy + toAdd === 0 || toCopy + toAdd > size - done) throw damagedPatch(`makes more than ${size} bytes`);
    if (position < 0 || position + toCopy > base.size) throw damagedPatch('copies what the base does not have');
    for (let copied = 0; copied < toCopy;) {
      const old = changes.old.subarray(0, Math.min(partBytes, toCopy - copied));
      if (base.read(old, position + copied) !== old.length) throw damagedPatch('is made on a longer base');
      const piece = Buffer.from(old);
      changes.part(piece, position + copied, done + copied);
      copied += piece.length;
      yield piece;
    }
    for (let rest = toAdd; rest > 0;) {
      const piece = Buffer.allocUnsafe(Math.min(partBytes, rest));
      added.read(piece);
      rest -= piece.length;
      yield piece;
    }
    done += toCopy + toAdd;
  }
}

function streamsOf(patch: Uint8Array): Record<PatchStream, Uint8Array> {
  const headBytes = patchMagic.length + 4 * patchStreams.length;
  if (patch.length < headBytes || Buffer.compare(patch.subarray(0, patchMagic.length), patchMagic) !== 0) {
    throw damagedPatch('begins with something else');
  }
  const head = new DataView(patch.buffer, patch.byteOffset, patch.byteLength);
  let at = headBytes;
  const streams = patchStreams.map((name, i) => {
    const length = head.getUint32(patchMagic.length + 4 * i);
    if (length > patch.length - at) throw damagedPatch('ends early');
    at += length;
    return [name, patch.subarray(at - length, at)] as const;
  });
  if (at !== patch.length) throw damagedPatch('goes on behind its end');
  return Object.fromEntries(streams) as Record<PatchStream, Uint8Array>;
}
