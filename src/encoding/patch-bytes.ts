/** Bytes that are appended one after the other. */
export class PatchBytes {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #length = 0;

  push(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(this.#length + 1);
    this.#bytes[this.#length++] = byte;
  }

  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const bytes = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
    bytes.set(this.view());
    this.#bytes = bytes;
  }
}
