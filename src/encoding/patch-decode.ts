import type { ByteSource } from './bytes.js';
import { damagedPatch, patchMagic, patchStreams, type PatchStream } from './patch-format.js';
import { PatchInflate } from './patch-inflate.js';

const pieceBytes = 256 * 1024;

/**
 * The new content, in pieces of at most 1 MiB; never more than `size` bytes. Whether it is the right one its hash tells.
 * @throws DepotError `object-damaged`
 */
export function* decodePatch(patch: Uint8Array, base: ByteSource, size: number): Generator<Uint8Array> {
  const { steps, gaps, runs, values, added } = streamsOf(patch);
  let done = 0;
  let expected = 0;
  let run = 0;
  let same = gaps.number();
  while (done < size) {
    const [toCopy, toAdd, seek] = [steps.number(), steps.number(), steps.number()];
    const position = expected + (seek % 2 === 0 ? seek / 2 : -(seek + 1) / 2);
    if (toCopy + toAdd === 0 || toCopy + toAdd > size - done) throw damagedPatch(`makes more than ${size} bytes`);
    if (position < 0 || position + toCopy > base.size) throw damagedPatch('copies what the base does not have');
    for (let copied = 0; copied < toCopy;) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, toCopy - copied));
      if (base.read(piece, position + copied) !== piece.length) throw damagedPatch('is made on a longer base');
      for (let i = 0; i < piece.length;) {
        const skipped = Math.min(same, piece.length - i);
        same -= skipped;
        i += skipped;
        if (i === piece.length) break;
        if (run === 0) run = runs.number();
        if (run === 0) throw damagedPatch('has an empty run');
        for (; run > 0 && i < piece.length; run--, i++) piece[i] = (piece[i]! + values.byte()) & 255;
        if (run === 0) same = gaps.number();
      }
      copied += piece.length;
      yield piece;
    }
    for (let rest = toAdd; rest > 0;) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, rest));
      added.read(piece);
      rest -= piece.length;
      yield piece;
    }
    done += toCopy + toAdd;
    expected = position + toCopy;
  }
}

function streamsOf(patch: Uint8Array): Record<PatchStream, PatchInflate> {
  const headBytes = patchMagic.length + 4 * patchStreams.length;
  if (patch.length < headBytes || Buffer.compare(patch.subarray(0, patchMagic.length), patchMagic) !== 0) {
    throw damagedPatch('begins with something else');
  }
  const head = new DataView(patch.buffer, patch.byteOffset, patch.byteLength);
  let at = headBytes;
  const streams = patchStreams.map((name, i) => {
    const length = head.getUint32(patchMagic.length + 4 * i);
    if (length > patch.length - at) throw damagedPatch('ends early');
    const stream = new PatchInflate(patch.subarray(at, at + length));
    at += length;
    return [name, stream] as const;
  });
  return Object.fromEntries(streams) as Record<PatchStream, PatchInflate>;
}
