import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';
import type { Cargo } from '../model/priority.js';
import { bytesPerSecond, type Rate } from '../model/rate.js';
import { Allowance } from './allowance.js';
import { Carried, type LineState } from './carried.js';
import { Flow } from './flow.js';
import { Gauge } from './gauge.js';
import { depthOf, formatPace, largestPart, usualFrame, type Keeper } from './pace.js';
import { Pacer } from './pacer.js';
import { Traffic } from './traffic.js';

/** Polls, heads and reports are not held up where the line is closed; they are written at this rate, bytes a second. */
const closedRate = 8_000;
/** How long the way from the end of a part to the request for the next one may take, milliseconds. */
const turnoverMs = 300;
/** So often it is said that something comes of a repository, milliseconds. */
const comingMs = 100;
/** How far ahead of its turn a request is made where the parent keeps to the rate, seconds. */
const leadSeconds = 0.25;

/**
 * This depot's line, as a child: all that it transfers, from all parents and for all repositories, goes by one rate. What
 * counts is what crosses the sockets.
 * Where urgent releases have a rate of their own, `express` gives them their turns while one of them is carried. It counts all
 * that crosses the line, so that the sum keeps to their rate; `pacer` gives the rest its turns when nobody waits for the other
 * one, and at no more than its own rate: it gains nothing.
 */
export class Line {
  readonly traffic = new Traffic();
  readonly gauge: Gauge;
  private readonly flow: Flow;
  private readonly pacer: Pacer;
  private readonly express: Pacer;
  private readonly carried: Carried;
  private readonly allowance = new Allowance();
  /** When it was last said, by repository, that something comes of it. */
  private readonly saidAtMs = new Map<string, number>();
  private passedClosed = 0;

  constructor(
    private readonly host: Pick<Host, 'monotonic' | 'sleep'>,
    private readonly state: () => LineState,
  ) {
    this.carried = new Carried(state);
    const paced = (of: (state: LineState) => Rate, isHeld: () => boolean): Pacer =>
      new Pacer(host, () => {
        const now = state();
        const rate = of(now);
        const perSecond = typeof rate === 'number' ? rate : Infinity;
        const depth = now.frame === null ? 0 : depthOf({ rate: perSecond, frame: this.frameAt(rate) });
        // Whoever waits while it closes is told at once.
        return rate === 'closed' ? { rate: Infinity, depth } : { rate: perSecond, depth, turnoverMs, isHeld: isHeld() };
      });
    this.express = paced(
      ({ rate, urgentRate }) => urgentRate ?? rate,
      () => false,
    );
    this.gauge = new Gauge(host, () => this.carried.rateOfAll());
    this.flow = new Flow(host);
    this.pacer = paced(
      ({ rate }) => rate,
      () => (this.isFramed && this.flow.isFull) || (this.carried.hasExpress && !this.express.isFree),
    );
  }

  /**
   * Says what the bulk bytes of a repository are from now on.
   * @returns to be called when they have come
   */
  carry(repository: string, cargo: Cargo): () => void {
    this.count();
    this.carried.begin(repository, cargo);
    return () => {
      this.count();
      const hadExpress = this.carried.hasExpress;
      this.carried.end(repository);
      // What the line still carries of it is not made up for by others.
      if (hadExpress && !this.carried.hasExpress) this.pacer.charge(Math.max(0, this.express.debt - this.pacer.debt));
    };
  }

  /**
   * What a request says of the rate; nothing where there is none. It holds for what is under way, too, so a lower one is named
   * only when that has come: at a rate that is there for polls a frame would take half a minute.
   */
  headers(): Record<string, string> {
    const rate = this.flow.fastest(this.carried.rateOfAll());
    if (rate === 'unlimited' || !this.isFramed) return {};
    return formatPace({ rate: rate === 'closed' ? closedRate : rate, frame: this.frameAt(rate) });
  }

  /** Whether bulk bytes come in parts. */
  get isFramed(): boolean {
    return this.state().frame !== null;
  }

  /** How many bytes a request for small objects of a repository may bring. */
  bundleBytes(repository: string): number {
    const rate = this.carried.rateFor(repository);
    if (typeof rate === 'number') return largestPart(rate, 'paces');
    return this.isFramed ? this.flow.mostOfPart(rate) : Infinity;
  }

  /**
   * Waits for the turn of a part of a transfer.
   * @param bytes what is left of it
   * @returns how many bytes may be asked for now; whoever asks says what came of them, with `arrived` and `release`
   * @throws DepotError `window-closed`
   */
  async admit(bytes: number, repository: string, keeper: Keeper, signal?: AbortSignal): Promise<number> {
    const part = this.part(bytes, repository, keeper);
    await this.turn(part, repository, keeper, signal);
    // Another rate may have come meanwhile.
    const now = this.part(part, repository, keeper);
    this.release(part - now, repository);
    return now;
  }

  /** The same for what comes whole or not at all. */
  async turn(bytes: number, repository: string, keeper: Keeper, signal?: AbortSignal): Promise<void> {
    this.requireOpen(repository);
    this.count();
    const rank = this.carried.rankOf(repository);
    const isExpress = this.carried.isExpress(repository);
    const ofTurn = isExpress ? this.carried.rateOfAll() : this.state().rate;
    const lead = keeper === 'paces' && typeof ofTurn === 'number' ? ofTurn * leadSeconds : 0;
    const how = { rank, lead, ...(signal === undefined ? {} : { signal }) };
    await (isExpress ? this.express : this.pacer).take(bytes, repository, how);
    if (!isExpress) this.express.charge(bytes);
    this.flow.begin(bytes, ofTurn);
    try {
      this.requireOpen(repository);
    } catch (error) {
      this.release(bytes, repository);
      throw error;
    }
  }

  /**
   * Whether the parts behind one of so many bytes are asked for while it comes: where it takes little time, and either the
   * parent keeps to the rate or there is none now.
   */
  isBrief(bytes: number, repository: string, keeper: Keeper): boolean {
    const rate = this.carried.rateFor(repository);
    if (keeper !== 'paces' && rate !== 'unlimited') return false;
    const { speed = 0 } = this.flow;
    return bytes <= Math.min(bytesPerSecond(rate), speed) * leadSeconds;
  }

  /** Whether something comes, or is about to, that goes before this repository. */
  isBehind(repository: string): boolean {
    return this.pacer.isContended && this.pacer.isBehind(this.carried.rankOf(repository));
  }

  /**
   * Waits, where nothing limits the line, until nothing comes that goes before this repository; on other lines each part has its
   * turn. Whoever reads no further holds up the other side.
   */
  async letPass(repository: string, signal?: AbortSignal): Promise<void> {
    if (!this.isBehind(repository)) return;
    await this.pacer.take(0, repository, {
      rank: this.carried.rankOf(repository),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  private part(bytes: number, repository: string, keeper: Keeper): number {
    if (!this.isFramed) return bytes;
    const rate = this.carried.rateFor(repository);
    const most = typeof rate === 'number' ? largestPart(rate, keeper) : Infinity;
    return Math.max(1, Math.floor(Math.min(bytes, this.frameAt(rate), most, this.flow.mostOfPart(rate))));
  }

  /** Without a rate the usual one goes by how fast it comes. */
  private frameAt(rate: Rate): number {
    const { frame } = this.state();
    if (typeof frame === 'number') return frame;
    return usualFrame(typeof rate === 'number' ? rate : (this.flow.speed ?? 0));
  }

  /**
   * So many bytes of what was admitted came; what crossed the sockets meanwhile counts in their place.
   * @param content all that came, admitted or not
   */
  arrived(bytes: number, repository: string, content: number): void {
    this.gauge.came(content);
    this.flow.came(bytes);
    this.isComing(repository);
    // Beside what is urgent nobody can tell whose the bytes on the sockets are: what is not counts as it was admitted.
    if (this.carried.hasExpress) this.express.charge(-bytes);
    else this.discharge(bytes, repository);
    this.count();
  }

  /** So many bytes of what was admitted will not come. */
  release(bytes: number, repository: string): void {
    this.flow.dropped(bytes);
    this.discharge(bytes, repository);
  }

  /** Said now and then only: chunks come a thousand times a second. */
  private isComing(repository: string): void {
    const now = this.host.monotonic();
    if (now - (this.saidAtMs.get(repository) ?? -Infinity) < comingMs) return;
    this.saidAtMs.set(repository, now);
    this.pacer.came(this.carried.rankOf(repository));
  }

  private discharge(bytes: number, repository: string): void {
    if (!this.carried.isExpress(repository)) this.pacer.charge(-bytes);
    this.express.charge(-bytes);
  }

  /** A poll for a repository begins: it may bring small things while the line is closed. */
  polled(repository: string): void {
    this.count();
    this.allowance.polled(repository);
  }

  /** How many bytes of heads or of a report may pass now: all, while the line is open. */
  room(repository?: string): number {
    return this.state().rate === 'closed' ? this.allowance.room(repository) : Infinity;
  }

  /**
   * Pages and difference streams: without a limit while the line is open.
   * @throws DepotError `window-closed` where it is closed, and they are not small
   */
  admitSmall(bytes: number, repository: string): void {
    this.admitPassing(bytes, 'small', repository);
  }

  /**
   * The same for heads, reports, and what is not of one repository, which counts for the poll that began last.
   * @throws DepotError `window-closed`
   */
  admitHead(bytes: number, repository?: string): void {
    this.admitPassing(bytes, 'head', repository);
  }

  private admitPassing(bytes: number, kind: 'small' | 'head', repository: string | undefined): void {
    this.count();
    if (this.state().rate !== 'closed') return;
    const without = this.allowance.take(bytes, kind, repository);
    // What an urgent release may bring has room of its own.
    if (without !== undefined) this.requireOpen(without);
  }

  /** Bytes that passed while the line was closed, in this run of the daemon. */
  get closedBytes(): number {
    this.count();
    return this.passedClosed;
  }

  /** @throws DepotError `window-closed` */
  requireOpen(repository: string): void {
    const { rate, opens } = this.state();
    if (rate !== 'closed' || this.carried.isExpress(repository)) return;
    const when = opens === null ? 'until depot resume, or until the windows are changed' : `it opens ${opens.at}`;
    // Of no repository is only the list of them.
    const what = repository === '' ? 'the list of repositories' : repository;
    throw new DepotError('window-closed', `${what} waits for the window: ${when}`, {
      hint: 'depot windows shows the next ones; depot pace RATE --for TIME opens the line by hand, where the directory allows it',
      ...(opens === null ? {} : { retryAfterMs: opens.inMs }),
    });
  }

  private count(): void {
    const bytes = this.traffic.take();
    this.express.charge(bytes);
    if (this.carried.hasExpress) return;
    this.pacer.charge(bytes);
    if (this.state().rate === 'closed') this.passedClosed += bytes;
  }
}
