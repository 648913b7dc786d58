const spanMs = 1000;

/** How many bytes passed within the last second, by the clock of whoever tells it the time. */
export class LastSecond {
  private entries: { readonly atMs: number; readonly bytes: number }[] = [];
  /** Those before are over; they are dropped when they are the half. */
  private first = 0;
  private sum = 0;

  /** @param bytes negative: of those that were counted some did not pass */
  add(atMs: number, bytes: number): void {
    // Seldom does anybody ask for the sum where what passes is little.
    this.forget(atMs);
    if (bytes === 0) return;
    this.entries.push({ atMs, bytes });
    this.sum += bytes;
  }

  bytes(nowMs: number): number {
    this.forget(nowMs);
    return this.sum;
  }

  private forget(nowMs: number): void {
    for (let entry = this.entries[this.first]; entry !== undefined; entry = this.entries[this.first]) {
      if (entry.atMs > nowMs - spanMs) break;
      this.sum -= entry.bytes;
      this.first += 1;
    }
    if (this.first * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
  }
}
