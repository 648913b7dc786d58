import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';
import { bytesPerSecond, stricter, type Rate } from '../model/rate.js';
import { sha256, type Sha256 } from '../model/sha256.js';
import { mostOfChild, type UploadPlan } from '../model/upload-plan.js';
import { WindowClock } from '../model/window-clock.js';
import { nextOpening, rateAt, type Span, type Windows } from '../model/windows.js';
import { Slots } from './slots.js';
import { formatPace, readPace, stepOf, usualFrame, writingPace, type NamedPace } from '../protocol/pace.js';
import { Pacer } from '../protocol/pacer.js';
import { bytesOf } from '../protocol/traffic.js';

/** What the depots below get of this depot's line. */
export interface UploadSettings {
  /** Of all of them together. */
  readonly windows: Windows;
  readonly eachChild: Rate;
  /** Children that are given bulk bytes at the same time. */
  readonly atOnce: number;
}

/** One answer on its way to a child. */
export interface Upload {
  /** The most that is written at once. */
  readonly step: number;
  /** Resolves when so many bytes may be written; throws where the answer was cut. */
  take(bytes: number): Promise<void>;
}

interface Child {
  readonly pacer: Pacer;
  pace: NamedPace | undefined;
}

/** Of a connection: bytes that were counted, and those that were given out for it and have not crossed it yet. */
interface Account {
  counted: number;
  ahead: number;
}

/**
 * What is sent to the depots below: to each at the rate that it names, and no faster than this depot allows it and all of
 * them; they share fairly, by child and not by connection.
 */
export class Uploads {
  private readonly children = new Map<string, Child>();
  private readonly total: Pacer;
  private readonly clock = new WindowClock();
  private readonly slots: Slots;
  private readonly accounts = new WeakMap<Socket, Account>();
  private span: Span | undefined;
  private told: { readonly plan: ReturnType<Uploads['plan']> } | undefined;
  private requests = 0;

  constructor(
    private readonly host: Host,
    private readonly settings: () => UploadSettings,
  ) {
    this.total = new Pacer(host, () => {
      const rate = bytesPerSecond(this.rateWhileOpen());
      return writingPace({ rate, frame: usualFrame(rate) });
    });
    this.slots = new Slots(host, () => settings().atOnce);
  }

  /**
   * A request of a child; what it names holds for all its transfers from now on.
   * @param wire the socket below TLS
   * @param isBulk it is one of the frames that the child asks for in the order in which it wants them
   * @param cut the answer is not to be written any more
   * @returns what its answer goes by, and the headers that say so
   */
  begin(
    depot: string,
    headers: IncomingHttpHeaders,
    wire: Socket,
    isBulk: boolean,
    cut: AbortSignal,
  ): { upload: Upload; headers: Record<string, string> } {
    const child = this.childOf(depot);
    const named = readPace(headers);
    child.pace = named;
    const request = (this.requests += 1);
    // Frames come one after the other; what a child that names no pace asks for may be as long as a file.
    const rank = isBulk && named !== undefined ? request : 0;
    const frame = named === undefined ? usualFrame(this.rateOf(child)) : Math.min(named.frame, named.rate * 2);
    let late = 0;
    const upload: Upload = {
      step: stepOf(this.rateOf(child)),
      take: async (bytes) => {
        if (isBulk && this.totalRate() === 'closed') late += bytes;
        if (late > frame) throw this.closed();
        this.count(child, wire);
        await child.pacer.take(bytes, String(request), { rank, signal: cut });
        await this.total.take(bytes, depot, { signal: cut }).catch((error: unknown) => {
          child.pacer.charge(-bytes);
          throw error;
        });
        this.accountOf(wire).ahead += bytes;
      },
    };
    const pace = named === undefined ? {} : formatPace({ rate: this.rateOf(child), frame: named.frame });
    return { upload, headers: pace };
  }

  /** An answer has ended, or was cut. */
  end(depot: string, wire: Socket): void {
    const child = this.childOf(depot);
    this.count(child, wire);
    const account = this.accountOf(wire);
    this.charge(child, -account.ahead);
    account.ahead = 0;
  }

  /**
   * A child asks for bulk bytes. It has its place until it has not asked for a while.
   * @returns to be called when the answer has ended
   * @throws DepotError `parent-busy` where all places are taken, or the line is closed for uploads
   */
  admit(depot: string): () => void {
    if (this.totalRate() === 'closed') throw this.closed();
    return this.slots.enter(depot);
  }

  private closed(): DepotError {
    const now = this.host.now();
    const opensAtMs = nextOpening(this.settings().windows, now) ?? now + 3_600_000;
    const message = 'this depot sends nothing large now: its window for uploads is closed';
    return new DepotError('parent-busy', message, { retryAfterMs: Math.max(1000, opensAtMs - now) });
  }

  private childOf(depot: string): Child {
    const known = this.children.get(depot);
    if (known !== undefined) return known;
    const pacer: Pacer = new Pacer(this.host, () => {
      const rate = this.rateOf(child);
      return writingPace({ rate, frame: child.pace?.frame ?? usualFrame(rate) });
    });
    const child: Child = { pacer, pace: undefined };
    this.children.set(depot, child);
    return child;
  }

  private rateOf({ pace }: Child): number {
    const rate = stricter(pace?.rate ?? 'unlimited', stricter(this.settings().eachChild, this.rateWhileOpen()));
    return bytesPerSecond(rate);
  }

  /** What is small passes while it is closed, and of what is under way then a frame; neither is held up. */
  private rateWhileOpen(): Rate {
    const rate = this.totalRate();
    return rate === 'closed' ? 'unlimited' : rate;
  }

  private totalRate(): Rate {
    const { windows } = this.settings();
    if (windows.list.length === 0 && windows.within === undefined) return windows.otherwise;
    const [now = 0, ...others] = this.clock.look(this.host.now(), this.host.monotonic());
    if (this.span === undefined || now < this.span.fromMs || now >= this.span.untilMs) this.span = rateAt(windows, now);
    return others.reduce((rate, atMs) => stricter(rate, rateAt(windows, atMs).rate), this.span.rate);
  }

  /** The windows are other ones. */
  changed(): void {
    this.span = undefined;
    this.told = undefined;
  }

  /** What a child is told of it (README section 14 of the protocol); undefined where nothing limits it. */
  plan(): { readonly bytes: Buffer; readonly hash: Sha256 } | undefined {
    if (this.told === undefined) {
      const { windows, eachChild } = this.settings();
      const plan: UploadPlan = { windows, eachChild };
      const bytes = mostOfChild(plan) === undefined ? undefined : Buffer.from(JSON.stringify(plan));
      this.told = { plan: bytes === undefined ? undefined : { bytes, hash: sha256(bytes) } };
    }
    return this.told.plan;
  }

  private accountOf(wire: Socket): Account {
    const account = this.accounts.get(wire) ?? { counted: 0, ahead: 0 };
    this.accounts.set(wire, account);
    return account;
  }

  /**
   * What crossed the connection counts, handshake, headers and requests included, in place of what was given out for it. What
   * was given out and is not on the wire yet stays counted: Node writes it when it comes to it.
   */
  private count(child: Child, wire: Socket): void {
    const account = this.accountOf(wire);
    const bytes = bytesOf(wire);
    const crossed = bytes - account.counted;
    const expected = Math.min(crossed, account.ahead);
    account.counted = bytes;
    account.ahead -= expected;
    this.charge(child, crossed - expected);
  }

  private charge({ pacer }: Child, bytes: number): void {
    pacer.charge(bytes);
    this.total.charge(bytes);
  }
}
