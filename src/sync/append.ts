import type { FileHandle } from 'node:fs/promises';

/** What may have come and not be written yet, bytes; more waits on the line. */
const mostBehind = 1024 * 1024;

/**
 * Appends chunks to a file while further ones come; those that come faster than the disk takes them are written together.
 * However it ends, what came has been written, in order.
 * @throws what the chunks throw, or the system
 */
export async function appendAll(
  handle: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void = () => undefined,
): Promise<void> {
  const behind = new Behind(handle);
  try {
    for await (const chunk of chunks) {
      await behind.add(chunk);
      onChunk(chunk);
    }
  } finally {
    await behind.end();
  }
}

class Behind {
  private waiting: Uint8Array[] = [];
  private bytes = 0;
  private writing: Promise<void> | undefined;
  private hasFailed = false;

  constructor(private readonly handle: FileHandle) {}

  /** Resolves when there is room for more. */
  async add(chunk: Uint8Array): Promise<void> {
    this.waiting.push(chunk);
    this.bytes += chunk.length;
    if (this.writing === undefined) {
      this.writing = this.write();
      // Whoever adds next, or ends, is told.
      this.writing.catch(() => (this.hasFailed = true));
    }
    if (this.hasFailed || this.bytes > mostBehind) await this.writing;
  }

  async end(): Promise<void> {
    await this.writing;
  }

  /** Ends when nothing waits; after a failure nothing more is written. */
  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const taken = this.waiting;
      this.waiting = [];
      this.bytes = 0;
      await this.handle.appendFile(taken.length === 1 && taken[0] !== undefined ? taken[0] : Buffer.concat(taken));
    }
    this.writing = undefined;
  }
}
