import binding from 'zstd-napi/binding.js';
import { damagedPatch } from './patch-format.js';

const pieceBytes = 64 * 1024;
/** Of what zstd has to remember, for each stream. */
const windowLog = 22;

export function deflatePatch(bytes: Uint8Array): Uint8Array {
  const compressor = new binding.CCtx();
  compressor.setParameter(binding.CParameter.compressionLevel, 19);
  compressor.setParameter(binding.CParameter.windowLog, windowLog);
  const output = Buffer.allocUnsafe(binding.compressBound(bytes.length));
  return output.subarray(0, compressor.compress2(output, bytes));
}

/** One stream of a patch, inflated as it is read. */
export class PatchInflate {
  readonly #inflater = new binding.DCtx();
  readonly #piece = Buffer.allocUnsafe(pieceBytes);
  #rest: Uint8Array;
  #at = 0;
  #end = 0;

  constructor(frame: Uint8Array) {
    this.#rest = frame;
    this.#inflater.setParameter(binding.DParameter.windowLogMax, windowLog);
  }

  read(into: Uint8Array): void {
    for (let done = 0; done < into.length;) {
      if (this.#at === this.#end) this.#fill();
      const part = this.#piece.subarray(this.#at, Math.min(this.#end, this.#at + into.length - done));
      into.set(part, done);
      this.#at += part.length;
      done += part.length;
    }
  }

  #fill(): void {
    for (;;) {
      const before = this.#rest.length;
      let produced: number;
      try {
        const [, filled, consumed] = this.#inflater.decompressStream(this.#piece, this.#rest);
        produced = filled;
        this.#rest = this.#rest.subarray(consumed);
      } catch (cause) {
        throw damagedPatch('is not zstd where it should be', cause);
      }
      this.#at = 0;
      this.#end = produced;
      if (produced > 0) return;
      if (before === this.#rest.length) throw damagedPatch('ends early');
    }
  }
}
