import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';
import type { Rate } from '../model/rate.js';
import { depthOf, formatPace } from './pace.js';
import { Pacer } from './pacer.js';
import { Traffic } from './traffic.js';

/** How the line is now. */
export interface LineState {
  readonly rate: Rate;
  /** Bytes; null where nothing limits the line, now or later: then things are asked for whole. */
  readonly frame: number | null;
  /** While it is closed: when it opens, in words such as `20:00`, and in how many milliseconds; null where nobody knows. */
  readonly opens: { readonly at: string; readonly inMs: number } | null;
  /** Repositories with a smaller number go first. */
  rank(repository: string): number;
}

/** Whether the other side keeps to a rate that it is told. */
export type Keeper = 'paces' | 'does-not';

/** Polls, heads and reports are not held up where the line is closed; they are written at this rate, bytes a second. */
const closedRate = 8_000;
/** What one poll may bring and take while the line is closed; the headers and the TLS of its requests have the rest of 64 KiB. */
const passingBytes = 52 * 1024;
/** Of that, what pages and difference streams leave to heads and reports. */
const headBytes = 12 * 1024;
/** A part that is asked of a parent that cannot keep to a rate, seconds of line; and of one that can. */
const secondsAtOnce = { 'does-not': 1, paces: 2 } as const;
/** How far ahead of its turn a request is made where the parent keeps to the rate, seconds. */
const leadSeconds = 0.25;

/**
 * This depot's line, as a child: all that it transfers, from all parents and for all repositories, goes by one rate. What
 * counts is what crosses the sockets.
 */
export class Line {
  readonly traffic = new Traffic();
  private readonly pacer: Pacer;
  /** What is left of `passingBytes`, by repository, and which was polled for last. */
  private readonly passing = new Map<string, number>();
  private polledLast = '';
  private passedClosed = 0;

  constructor(
    host: Pick<Host, 'monotonic' | 'sleep'>,
    private readonly state: () => LineState,
  ) {
    this.pacer = new Pacer(host, () => {
      const { rate, frame } = state();
      const perSecond = typeof rate === 'number' ? rate : Infinity;
      return { rate: perSecond, depth: frame === null ? 0 : depthOf({ rate: perSecond, frame }) };
    });
  }

  /** What a request says of the rate; nothing where there is none. */
  headers(): Record<string, string> {
    const { rate, frame } = this.state();
    if (rate === 'unlimited' || frame === null) return {};
    return formatPace({ rate: rate === 'closed' ? closedRate : rate, frame });
  }

  /** Whether bulk bytes come in parts. */
  get isFramed(): boolean {
    return this.state().frame !== null;
  }

  /** How many bytes a request for small objects may bring. */
  get bundleBytes(): number {
    const { rate } = this.state();
    return typeof rate === 'number' ? rate * secondsAtOnce.paces : Infinity;
  }

  /**
   * Waits for the turn of a part of a transfer.
   * @param bytes what is left of it
   * @returns how many bytes may be asked for now; whoever asks says what came of them, with `arrived` and `release`
   * @throws DepotError `window-closed`
   */
  async admit(bytes: number, repository: string, keeper: Keeper, signal?: AbortSignal): Promise<number> {
    const part = this.part(bytes, keeper);
    await this.turn(part, repository, keeper, signal);
    // Another rate may have come meanwhile.
    const now = this.part(part, keeper);
    this.release(part - now);
    return now;
  }

  /** The same for what comes whole or not at all. */
  async turn(bytes: number, repository: string, keeper: Keeper, signal?: AbortSignal): Promise<void> {
    this.requireOpen(repository);
    const { rate, rank } = this.state();
    const lead = keeper === 'paces' && typeof rate === 'number' ? rate * leadSeconds : 0;
    this.count();
    const how = { rank: rank(repository), lead, ...(signal === undefined ? {} : { signal }) };
    await this.pacer.take(bytes, repository, how);
    try {
      this.requireOpen(repository);
    } catch (error) {
      this.release(bytes);
      throw error;
    }
  }

  /** Whether a part of so many bytes takes so little time that the next ones are asked for meanwhile. */
  isBrief(bytes: number): boolean {
    const { rate } = this.state();
    return rate !== 'closed' && bytes <= (rate === 'unlimited' ? Infinity : rate * leadSeconds);
  }

  private part(bytes: number, keeper: Keeper): number {
    const { rate, frame } = this.state();
    if (frame === null) return bytes;
    const most = typeof rate === 'number' ? rate * secondsAtOnce[keeper] : Infinity;
    return Math.max(1, Math.floor(Math.min(bytes, frame, most)));
  }

  /** So many bytes of what was admitted came; what crossed the sockets meanwhile counts in their place. */
  arrived(bytes: number): void {
    this.pacer.charge(-bytes);
    this.count();
  }

  /** So many bytes of what was admitted will not come. */
  release(bytes: number): void {
    this.pacer.charge(-bytes);
  }

  /** A poll for a repository begins: it may bring small things while the line is closed. */
  polled(repository: string): void {
    this.count();
    this.passing.set(repository, passingBytes);
    this.polledLast = repository;
  }

  /** How many bytes of heads or of a report may pass now: all, while the line is open. */
  room(repository = this.polledLast): number {
    return this.state().rate === 'closed' ? (this.passing.get(repository) ?? 0) : Infinity;
  }

  /**
   * Pages and difference streams: without a limit while the line is open.
   * @throws DepotError `window-closed` where it is closed, and they are not small
   */
  admitSmall(bytes: number, repository: string): void {
    this.admitPassing(bytes, repository, headBytes);
  }

  /**
   * The same for heads, reports, and what is not of one repository, which counts for the poll that began last.
   * @throws DepotError `window-closed`
   */
  admitHead(bytes: number, repository = this.polledLast): void {
    this.admitPassing(bytes, repository, 0);
  }

  private admitPassing(bytes: number, repository: string, reserved: number): void {
    this.count();
    if (this.state().rate !== 'closed') return;
    const left = this.passing.get(repository) ?? 0;
    if (bytes > left - reserved) this.requireOpen(repository);
    this.passing.set(repository, left - bytes);
  }

  /** Bytes that passed while the line was closed, in this run of the daemon. */
  get closedBytes(): number {
    this.count();
    return this.passedClosed;
  }

  /** @throws DepotError `window-closed` */
  requireOpen(repository: string): void {
    const { rate, opens } = this.state();
    if (rate !== 'closed') return;
    const when = opens === null ? 'until depot resume, or until the windows are changed' : `it opens ${opens.at}`;
    throw new DepotError('window-closed', `${repository} waits for the window: ${when}`, {
      hint: 'depot windows shows the next ones; depot pace RATE --for TIME opens the line by hand, where the directory allows it',
      ...(opens === null ? {} : { retryAfterMs: opens.inMs }),
    });
  }

  private count(): void {
    const bytes = this.traffic.take();
    this.pacer.charge(bytes);
    if (this.state().rate === 'closed') this.passedClosed += bytes;
  }
}
