/** What one poll may bring and take while the line is closed; the headers and the TLS of its requests have the rest of 64 KiB. */
const passingBytes = 52 * 1024;
/** Of that, what pages and difference streams leave to heads and reports. */
const headBytes = 12 * 1024;

/** What may still pass a closed line, by the repository that was polled for. */
export class Allowance {
  private readonly left = new Map<string, number>();
  /** Which was polled for last: what is of no repository counts for it. */
  private polledLast = '';

  /** A poll for a repository begins. */
  polled(repository: string): void {
    this.left.set(repository, passingBytes);
    this.polledLast = repository;
  }

  /** Bytes. */
  room(repository = this.polledLast): number {
    return this.left.get(repository) ?? 0;
  }

  /** @returns the repository for which there is no room, where that is so; then nothing is taken of it */
  take(bytes: number, kind: 'small' | 'head', repository = this.polledLast): string | undefined {
    const left = this.room(repository);
    if (bytes > left - (kind === 'small' ? headBytes : 0)) return repository;
    this.left.set(repository, left - bytes);
    return undefined;
  }
}
