import { readFileSync } from 'node:fs';
import { ownWindows, type NetworkSettings } from '../config/network.js';
import type { Host } from '../host.js';
import type { LinePlan } from '../model/forecast.js';
import { lineOrderShape, type LineOrder } from '../model/line-order.js';
import { rankOf } from '../model/priority.js';
import { bytesPerSecond, type Rate } from '../model/rate.js';
import type { LineStatus } from '../model/line-status.js';
import { WindowClock } from '../model/window-clock.js';
import { horizonMs, nextOpening, rateAt, type Span, type Windows } from '../model/windows.js';
import { momentWords } from '../model/zone.js';
import type { LineState } from '../protocol/carried.js';
import { Line } from '../protocol/line.js';
import { writeFileDurably } from '../store/durable.js';

/** Windows are looked at again at least so often: the wall clock may have been set. */
const longestLookMs = 15_000;

/**
 * The line of this depot: its windows by the clock on the wall, and what a person said in their place, which outlives a
 * restart. Neither is faster than what the directory sets for its site.
 */
export class OwnLine {
  readonly line: Line;
  private windows: Windows;
  /** What a person ordered, as windows. */
  private ordered: { readonly order: LineOrder; readonly windows: Windows } | undefined;
  private readonly clock = new WindowClock();
  /** What was found last, for each of the times that count. */
  private spans: { readonly of: Windows; readonly found: Span }[] = [];
  private opening: { readonly of: Windows; readonly fromMs: number; readonly atMs: number | undefined } | undefined;
  private order: LineOrder | null;
  private readonly stopping = new AbortController();
  private wake = new AbortController();

  /** @param file where the order is kept */
  constructor(
    private readonly host: Host,
    private network: NetworkSettings,
    private readonly file: string,
  ) {
    this.windows = ownWindows(network);
    this.order = readOrder(file);
    this.line = new Line(host, () => this.state());
  }

  /** The new settings hold from now on, for transfers under way, too. */
  configure(network: NetworkSettings): void {
    this.network = network;
    this.windows = ownWindows(network);
    this.ordered = undefined;
    this.wake.abort();
  }

  /** Null takes back what was ordered. */
  async command(order: LineOrder | null): Promise<void> {
    await writeFileDurably(this.file, JSON.stringify(order));
    this.order = order;
    this.wake.abort();
  }

  status(): LineStatus {
    const { rate, untilMs, isLimited } = this.now();
    const order = this.inForce();
    const opensAtMs = rate === 'closed' ? this.opensAtMs() : undefined;
    return {
      rate,
      until: untilMs === null ? null : new Date(untilMs).toISOString(),
      opensAt: opensAtMs === undefined ? null : new Date(opensAtMs).toISOString(),
      urgent: this.urgentRate(rate),
      ordered: order !== null,
      ...(order?.untilMs == null ? {} : { orderedUntil: new Date(order.untilMs).toISOString() }),
      limited: isLimited,
      timezone: this.windows.zone,
      closedBytes: this.line.closedBytes,
    };
  }

  get timezone(): string {
    return this.windows.zone;
  }

  /** What is known of its future. */
  plan(): LinePlan {
    const order = this.inForce();
    return {
      windows: this.windows,
      order: order === null ? null : { windows: this.windowsInForce(), untilMs: order.untilMs },
      urgent: this.network.urgent ?? 'closed',
    };
  }

  /**
   * Tells each time when the line has opened, and whether by hand or by other settings rather than by the clock, and when it
   * has closed; ends with `stop`.
   */
  async watch(onOpen: (isByHand: boolean) => void, onClosed: () => void): Promise<void> {
    let wasOpen = this.now().rate !== 'closed';
    while (!this.stopping.signal.aborted) {
      const { untilMs } = this.now();
      const ms = untilMs === null ? longestLookMs : Math.min(longestLookMs, Math.max(50, untilMs - this.host.now()));
      this.wake = new AbortController();
      await this.host.sleep(ms, this.wake.signal).catch(() => undefined);
      const isOpen = this.now().rate !== 'closed';
      if (isOpen && !wasOpen && !this.stopping.signal.aborted) onOpen(this.wake.signal.aborted);
      if (!isOpen && wasOpen && !this.stopping.signal.aborted) onClosed();
      wasOpen = isOpen;
    }
  }

  stop(): void {
    this.stopping.abort();
    this.wake.abort();
  }

  private state(): LineState {
    const { rate } = this.now();
    const { otherwise, windows, frameBytes, priority, given } = this.network;
    const isGiven = given !== undefined && (given.otherwise !== null || given.windows.length > 0);
    // Those that have an order take turns, frame by frame, whatever the rate.
    const isOrdered = Object.keys(priority).length > 0;
    const isFree = otherwise === null && windows.length === 0 && !isGiven && !isOrdered && this.inForce() === null;
    return {
      rate,
      frame: isFree ? null : (frameBytes ?? 'usual'),
      opens: rate === 'closed' ? this.opens() : null,
      urgentRate: this.urgentRate(rate),
      rank: (repository, cargo) => rankOf(priority[repository] ?? 'normal', cargo),
    };
  }

  /** What a person ordered holds for urgent releases, too. */
  private urgentRate(rate: Rate): Rate | null {
    const urgent = this.network.urgent ?? 'closed';
    return this.inForce() === null && bytesPerSecond(urgent) > bytesPerSecond(rate) ? urgent : null;
  }

  private opens(): LineState['opens'] {
    const atMs = this.opensAtMs();
    if (atMs === undefined) return null;
    const now = this.host.now();
    return { at: momentWords(this.windows.zone, atMs, now), inMs: Math.max(0, atMs - now) };
  }

  private opensAtMs(): number | undefined {
    const order = this.inForce();
    const fromMs = this.times()[0] ?? this.host.now();
    if (order === null) return this.opensFrom(this.windows, fromMs);
    const during = order.rate === 'closed' ? undefined : this.opensFrom(this.windowsInForce(), fromMs);
    if (during !== undefined && (order.untilMs === null || during < order.untilMs)) return during;
    return order.untilMs === null ? undefined : this.opensFrom(this.windows, order.untilMs);
  }

  private opensFrom(windows: Windows, fromMs: number): number | undefined {
    const { opening } = this;
    const isKnown = opening?.of === windows && opening.fromMs <= fromMs && (opening.atMs ?? Infinity) >= fromMs;
    if (!isKnown) this.opening = { of: windows, fromMs, atMs: nextOpening(windows, fromMs) };
    return this.opening?.atMs;
  }

  /** The rate, and when it changes as far as is known. */
  private now(): Pick<Span, 'rate' | 'isLimited'> & { readonly untilMs: number | null } {
    const order = this.inForce();
    const windows = this.windowsInForce();
    const spans = this.times().map((atMs, at) => this.spanAt(windows, atMs, at));
    const slowest = spans.reduce((a, b) => (bytesPerSecond(b.rate) < bytesPerSecond(a.rate) ? b : a));
    const changes = [
      // What is the same for as long as is looked ahead changes some day, or never.
      ...spans.filter(({ fromMs, untilMs }) => untilMs - fromMs < horizonMs).map(({ untilMs }) => untilMs),
      ...(order?.untilMs == null ? [] : [order.untilMs]),
    ];
    return { ...slowest, untilMs: changes.length === 0 ? null : Math.min(...changes) };
  }

  /** What was ordered takes the place of the own windows, not of what the directory gives. */
  private windowsInForce(): Windows {
    const order = this.inForce();
    if (order === null) return this.windows;
    if (this.ordered?.order !== order) {
      this.ordered = { order, windows: { ...this.windows, list: [], otherwise: order.rate } };
    }
    return this.ordered.windows;
  }

  private spanAt(windows: Windows, atMs: number, at: number): Span {
    const known = this.spans[at];
    if (known?.of === windows && known.found.fromMs <= atMs && atMs < known.found.untilMs) return known.found;
    const found = rateAt(windows, atMs);
    this.spans[at] = { of: windows, found };
    return found;
  }

  private times(): readonly number[] {
    return this.clock.look(this.host.now(), this.host.monotonic());
  }

  private inForce(): LineOrder | null {
    const { order } = this;
    return order === null || (order.untilMs !== null && order.untilMs <= this.host.now()) ? null : order;
  }
}

function readOrder(file: string): LineOrder | null {
  try {
    return lineOrderShape.nullable().parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Never given, or not readable any more: the windows hold.
    return null;
  }
}
