/** How hard encoders try, and what they may take. */
export interface EncoderSettings {
  /** Of zstd, for files by themselves: up to 64 MiB, and for larger ones. */
  readonly level: number;
  readonly levelLarge: number;
  /** Of all encoders at the same time. */
  readonly memoryBytes: number;
}

const KiB = 1024;
/** Until the settings are told; nothing waits for memory. */
const atFirst: EncoderSettings = { level: 9, levelLarge: 6, memoryBytes: 2 ** 31 * KiB - KiB };

/** Where each of them lies in the words that threads share; memory in KiB. */
const places = { level: 0, levelLarge: 1, memory: 2, taken: 3 };
const lookMs = 100;

/** What the encoders of all threads go by. Other settings count from the next encoding on, in all of them. */
export class Encoders {
  private readonly words: Int32Array;

  /** @param shared of those in another thread */
  constructor(shared?: SharedArrayBuffer) {
    this.words = new Int32Array(shared ?? new SharedArrayBuffer(4 * Object.keys(places).length));
    if (shared === undefined) this.configure(atFirst);
  }

  /** For other threads. */
  get shared(): SharedArrayBuffer {
    return this.words.buffer as SharedArrayBuffer;
  }

  configure({ level, levelLarge, memoryBytes }: EncoderSettings): void {
    this.set(places.level, level);
    this.set(places.levelLarge, levelLarge);
    this.set(places.memory, Math.floor(memoryBytes / KiB));
  }

  get settings(): EncoderSettings {
    const [level, levelLarge, memory] = [places.level, places.levelLarge, places.memory].map((at) => this.get(at));
    return { level: level ?? 0, levelLarge: levelLarge ?? 0, memoryBytes: (memory ?? 0) * KiB };
  }

  /**
   * Memory for one encoder. Blocks the thread until others leave so much; whoever needs more than there is in all gets it when
   * nobody else has any.
   * @param throwIfStopped called while it waits
   * @returns to be called when it is free again
   */
  take(bytes: number, throwIfStopped: () => void): () => void {
    const wanted = Math.ceil(bytes / KiB);
    for (;;) {
      const taken = this.get(places.taken);
      if (taken > 0 && taken + wanted > this.get(places.memory)) {
        throwIfStopped();
        Atomics.wait(this.words, places.taken, taken, lookMs);
      } else if (Atomics.compareExchange(this.words, places.taken, taken, taken + wanted) === taken) {
        return () => {
          Atomics.sub(this.words, places.taken, wanted);
          Atomics.notify(this.words, places.taken);
        };
      }
    }
  }

  /** No thread is there any more: what one that was lost had taken is free. */
  forget(): void {
    this.set(places.taken, 0);
  }

  private get(place: number): number {
    return Atomics.load(this.words, place);
  }

  private set(place: number, value: number): void {
    Atomics.store(this.words, place, value);
  }
}
