/** Hashes, 32 bytes each, one behind the other. */
export type PackedHashes = Uint8Array;

/** Files, counted and named by their hashes. */
export interface HashedFiles {
  readonly files: number;
  readonly bytes: number;
  readonly hashes: PackedHashes;
}

/** Collects files that are named by a hash, in 32 bytes each. */
export class HashList {
  private packed = Buffer.alloc(32 * 64);
  private files = 0;
  private bytes = 0;

  add(sha256: Uint8Array, size: number): void {
    const end = (this.files + 1) * 32;
    if (this.packed.length < end) this.packed = Buffer.concat([this.packed, Buffer.alloc(this.packed.length)]);
    this.packed.set(sha256, this.files * 32);
    this.files += 1;
    this.bytes += size;
  }

  done(): HashedFiles {
    const hashes = Uint8Array.from(this.packed.subarray(0, this.files * 32));
    return { files: this.files, bytes: this.bytes, hashes };
  }
}

/** The hashes as BLOBs, at most `count` together. */
export function* unpack(hashes: PackedHashes, count: number): Generator<Buffer[]> {
  const all = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength);
  for (let at = 0; at < all.length; at += count * 32) {
    const chunk = all.subarray(at, at + count * 32);
    yield Array.from({ length: chunk.length / 32 }, (_, index) => chunk.subarray(index * 32, index * 32 + 32));
  }
}
