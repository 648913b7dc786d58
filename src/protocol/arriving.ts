import { asDepotError, type DepotError } from '../model/errors.js';
import type { Lane } from './lanes.js';
import type { Part } from './part.js';

/** What may have come of a frame that is read, and not be read yet, bytes; more waits on the line. */
export const mostUnread = 1024 ** 2;

/** Told of bytes as they come, and when nothing more does. */
interface Watcher {
  came(bytes: number): void;
  ended(): void;
}

/** A frame on its way: what came of it waits in memory for its turn. */
export class Arriving {
  /** Why no more comes, where it did not come to its end. */
  failure: DepotError | undefined;
  hasEnded = false;
  /** Resolves when it has. */
  readonly ended: Promise<void>;
  private came = 0;
  private readonly unread: Uint8Array[] = [];
  private unreadBytes = 0;
  private part: Part | undefined;
  private isStopped = false;
  private readonly startedAt = performance.now();
  private heldMs = 0;
  private wakeReader = (): void => undefined;
  private wakeLine = (): void => undefined;

  /**
   * @param end the place behind its last byte
   * @param isBounded whether not more than `mostUnread` of it is held, the rest waiting for its reader; from its turn on always
   */
  constructor(
    readonly from: number,
    readonly end: number,
    private isBounded: boolean,
    private readonly lane: Lane,
    ask: () => Promise<Part>,
    watcher: Watcher,
  ) {
    this.ended = this.receive(ask, watcher);
  }

  /** Whether it may end only when somebody reads it. */
  get waitsForReader(): boolean {
    return this.isBounded;
  }

  /** How fast it came, bytes a second, while there was room for it. */
  get pace(): number {
    return (this.came * 1000) / Math.max(1, performance.now() - this.startedAt - this.heldMs);
  }

  /** Never rejects. */
  private async receive(ask: () => Promise<Part>, { came, ended }: Watcher): Promise<void> {
    try {
      this.part = await ask();
      if (this.isStopped) this.part.drop();
      else {
        for await (const chunk of this.part.chunks) {
          came(chunk.length);
          await this.take(chunk);
        }
      }
    } catch (error) {
      this.failure = asDepotError(error, 'receive a frame');
    }
    this.hasEnded = true;
    this.lane.leave();
    ended();
    this.wakeReader();
  }

  private async take(chunk: Uint8Array): Promise<void> {
    this.came += chunk.length;
    this.unread.push(chunk);
    this.unreadBytes += chunk.length;
    this.wakeReader();
    while (this.isBounded && this.unreadBytes > mostUnread && !this.isStopped) {
      const since = performance.now();
      await new Promise<void>((resolve) => (this.wakeLine = resolve));
      this.heldMs += performance.now() - since;
    }
  }

  /** What came of it, in order; ends where no more comes. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    this.isBounded = true;
    for (;;) {
      const chunk = this.unread.shift();
      if (chunk !== undefined) {
        this.unreadBytes -= chunk.length;
        this.wakeLine();
        yield chunk;
      } else if (this.hasEnded) {
        this.lane.empty();
        return;
      } else {
        await new Promise<void>((resolve) => (this.wakeReader = resolve));
      }
    }
  }

  /** Lets go of it. */
  stop(): void {
    this.isStopped = true;
    this.lane.leave();
    this.lane.empty();
    if (!this.hasEnded) this.part?.drop();
    this.wakeLine();
  }
}
