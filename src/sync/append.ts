import type { FileHandle } from 'node:fs/promises';

/** What is written at once at the most, bytes. As much may have come meanwhile; more waits on the line. */
const pieceBytes = 512 * 1024;

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

/**
 * Two pieces of memory: one is filled while the other one is written. What came is copied, so that its memory is free at once,
 * and not when the garbage is collected.
 */
class Behind {
  private filling: Buffer = Buffer.allocUnsafeSlow(pieceBytes);
  private other: Buffer | undefined;
  private filled = 0;
  private writing: Promise<void> | undefined;
  private failure: Error | undefined;
  private wake = (): void => undefined;

  constructor(private readonly handle: FileHandle) {}

  /** Resolves when there is room for more. */
  async add(chunk: Uint8Array): Promise<void> {
    for (let rest = chunk; rest.length > 0;) {
      while (this.filled === pieceBytes) await new Promise<void>((resolve) => (this.wake = resolve));
      if (this.failure !== undefined) throw this.failure;
      const taken = rest.subarray(0, pieceBytes - this.filled);
      this.filling.set(taken, this.filled);
      this.filled += taken.length;
      rest = rest.subarray(taken.length);
      this.writing ??= this.write();
    }
  }

  async end(): Promise<void> {
    await this.writing;
    if (this.failure !== undefined) throw this.failure;
  }

  /** Ends when nothing waits; after a failure nothing more is written. Never rejects. */
  private async write(): Promise<void> {
    while (this.filled > 0 && this.failure === undefined) {
      const piece = this.filling.subarray(0, this.filled);
      [this.filling, this.other] = [this.other ?? Buffer.allocUnsafeSlow(pieceBytes), this.filling];
      this.filled = 0;
      this.wake();
      try {
        await this.handle.appendFile(piece);
      } catch (error) {
        this.failure = error instanceof Error ? error : new Error(String(error));
        this.filled = 0;
        this.wake();
      }
    }
    this.writing = undefined;
  }
}
