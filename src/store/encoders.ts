/** How hard encoders try, and what they may take. */
export interface EncoderSettings {
  /** Of zstd, for files by themselves: up to 64 MiB, and for larger ones. */
  readonly level: number;
  readonly levelLarge: number;
  /** Of all encoders at the same time. */
  readonly memoryBytes: number;
}

/** Threads that have encoders at the same time, the main thread among them. */
const mostThreads = 64;

const KiB = 1024;
/** Until the settings are told; nothing waits for memory. */
const atFirst: EncoderSettings = { level: 9, levelLarge: 6, memoryBytes: 2 ** 31 * KiB - KiB };

/** Where each of them lies in the words that threads share; memory in KiB. */
const places = { level: 0, levelLarge: 1, memory: 2, taken: 3 };
/** Behind them, what each thread has of what is taken. */
const takenBy = (thread: number): number => Object.keys(places).length + thread;
const lookMs = 100;

/** What the encoders of all threads go by. Other settings count from the next encoding on, in all of them. */
export class Encoders {
  private readonly words: Int32Array;

  /**
   * @param shared of those in another thread
   * @param thread below `mostThreads`, another one for each thread that is there at the same time
   */
  constructor(
    shared?: SharedArrayBuffer,
    private readonly thread = 0,
  ) {
    this.words = new Int32Array(shared ?? new SharedArrayBuffer(4 * takenBy(mostThreads)));
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
        Atomics.add(this.words, takenBy(this.thread), wanted);
        return () => {
          Atomics.sub(this.words, takenBy(this.thread), wanted);
          Atomics.sub(this.words, places.taken, wanted);
          Atomics.notify(this.words, places.taken);
        };
      }
    }
  }

  /** The thread is not there any more: what it had taken is free. */
  forget(thread: number): void {
    Atomics.sub(this.words, places.taken, Atomics.exchange(this.words, takenBy(thread), 0));
    Atomics.notify(this.words, places.taken);
  }

  private get(place: number): number {
    return Atomics.load(this.words, place);
  }

  private set(place: number, value: number): void {
    Atomics.store(this.words, place, value);
  }
}
