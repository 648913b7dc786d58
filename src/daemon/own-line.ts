import { readFileSync } from 'node:fs';
import { ownWindows, type NetworkSettings } from '../config/network.js';
import type { Host } from '../host.js';
import { lineOrderShape, type LineOrder } from '../model/line-order.js';
import { stricter } from '../model/rate.js';
import type { LineStatus } from '../model/status.js';
import { WindowClock } from '../model/window-clock.js';
import { nextOpening, rateAt, type Span, type Windows } from '../model/windows.js';
import { momentWords } from '../model/zone.js';
import { Line, type LineState } from '../protocol/line.js';
import { writeFileDurably } from '../store/durable.js';

const ranks = { high: 0, normal: 1, low: 2 } as const;
/** Windows are looked at again at least so often: the wall clock may have been set. */
const longestLookMs = 15_000;

/**
 * The line of this depot: its windows by the clock on the wall, and what a person said in their place, which outlives a
 * restart.
 */
export class OwnLine {
  readonly line: Line;
  private windows: Windows;
  private readonly clock = new WindowClock();
  /** What was found last, for each of the times that count. */
  private spans: Span[] = [];
  private opening: { readonly fromMs: number; readonly atMs: number | undefined } | undefined;
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
    this.spans = [];
    this.opening = undefined;
    this.wake.abort();
  }

  /** Null takes back what was ordered. */
  async command(order: LineOrder | null): Promise<void> {
    await writeFileDurably(this.file, JSON.stringify(order));
    this.order = order;
    this.wake.abort();
  }

  status(): LineStatus {
    const { rate, untilMs } = this.now();
    const order = this.inForce();
    const opensAtMs = rate === 'closed' ? this.opensAtMs() : undefined;
    return {
      rate,
      until: untilMs === null ? null : new Date(untilMs).toISOString(),
      opensAt: opensAtMs === undefined ? null : new Date(opensAtMs).toISOString(),
      ordered: order !== null,
      timezone: this.windows.zone,
      closedBytes: this.line.closedBytes,
    };
  }

  /**
   * Tells each time when the line has opened, and whether by hand or by other settings rather than by the clock; ends with
   * `stop`.
   */
  async watch(onOpen: (isByHand: boolean) => void): Promise<void> {
    let wasOpen = this.now().rate !== 'closed';
    while (!this.stopping.signal.aborted) {
      const { untilMs } = this.now();
      const ms = untilMs === null ? longestLookMs : Math.min(longestLookMs, Math.max(50, untilMs - this.host.now()));
      this.wake = new AbortController();
      const signal = AbortSignal.any([this.stopping.signal, this.wake.signal]);
      await this.host.sleep(ms, signal).catch(() => undefined);
      const isOpen = this.now().rate !== 'closed';
      if (isOpen && !wasOpen && !this.stopping.signal.aborted) onOpen(this.wake.signal.aborted);
      wasOpen = isOpen;
    }
  }

  stop(): void {
    this.stopping.abort();
  }

  private state(): LineState {
    const { rate } = this.now();
    const { otherwise, windows, frameBytes, priority } = this.network;
    const isFree = otherwise === null && windows.length === 0 && this.inForce() === null;
    return {
      rate,
      frame: isFree ? null : frameBytes,
      opens: rate === 'closed' ? this.opens() : null,
      rank: (repository) => ranks[priority[repository] ?? 'normal'],
    };
  }

  private opens(): LineState['opens'] {
    const atMs = this.opensAtMs();
    if (atMs === undefined) return null;
    const now = this.host.now();
    return { at: momentWords(this.windows.zone, atMs, now), inMs: Math.max(0, atMs - now) };
  }

  private opensAtMs(): number | undefined {
    const order = this.inForce();
    if (order?.untilMs === null) return undefined;
    const fromMs = order?.untilMs ?? this.times()[0] ?? this.host.now();
    const { opening } = this;
    const isKnown = opening !== undefined && opening.fromMs <= fromMs && (opening.atMs ?? Infinity) >= fromMs;
    if (!isKnown) this.opening = { fromMs, atMs: nextOpening(this.windows, fromMs) };
    return this.opening?.atMs;
  }

  /** The rate, and when it changes as far as is known. */
  private now(): Pick<Span, 'rate'> & { readonly untilMs: number | null } {
    const order = this.inForce();
    if (order !== null) return order;
    const spans = this.times().map((atMs, at) => this.spanAt(atMs, at));
    return {
      rate: spans.map(({ rate }) => rate).reduce(stricter, 'unlimited'),
      untilMs: this.windows.list.length === 0 ? null : Math.min(...spans.map(({ untilMs }) => untilMs)),
    };
  }

  private spanAt(atMs: number, at: number): Span {
    const known = this.spans[at];
    if (known !== undefined && known.fromMs <= atMs && atMs < known.untilMs) return known;
    const found = rateAt(this.windows, atMs);
    this.spans[at] = found;
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
