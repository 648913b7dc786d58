import { Arriving, mostUnread } from './arriving.js';
import type { Lanes } from './lanes.js';
import { limits } from './limits.js';
import { elsewhere, stoppable, type FramedRequest, type Part } from './part.js';

const KiB = 1024;
const MiB = 1024 * KiB;

/** Frames over several connections: as much as one of them brings in so many seconds, within these bounds; bytes. */
const frameSeconds = 2;
const frameBytes = { least: 256 * KiB, most: 1 * MiB };
/** A connection that brings so many bytes a second is limited by the machines, not by the way; then one is enough. */
const nearPace = 40 * MiB;
/** Frames of a parent so near; each one is looked at anew. */
const nearFrameBytes = 64 * MiB;

/**
 * The rest of a large body on a line without a limit, in order, while its frames come over several connections: over a long
 * way, or one that loses packets, one connection does not fill the line. What came of a frame before it was cut is gone on
 * with; what is in memory is lost where the iteration ends early.
 * @param first the first frame, which was asked for
 * @returns where it ended: at the total, or where the line has got a limit
 * @throws what asking throws, where a frame is asked for again and nothing comes of it
 */
export async function* abreast(request: FramedRequest, first: Part): AsyncGenerator<Uint8Array, number> {
  const { line } = request;
  const frames = new Frames(request, first);
  try {
    let at = first.offset;
    for (let frame = frames.first; frame !== undefined; frame = await frames.after(frame, at)) {
      for await (const chunk of frame.chunks()) {
        at += chunk.length;
        yield chunk;
        if (line?.isFramed === true) return at;
        await line?.letPass(request.repository, request.signal);
      }
    }
    return at;
  } finally {
    frames.stop();
  }
}

/** The frames of one body that were asked for, in their order. */
class Frames {
  private readonly list: Arriving[] = [];
  private readonly lanes: Lanes;
  private readonly total: number;
  /** Up to here all was asked for. */
  private asked: number;
  /** How many may be on their way at once: one after a failure, and one more with each that comes. */
  private width: number;
  /** Of the frame that ended last, bytes a second; undefined until one has. */
  private pace: number | undefined;
  /** The rest of the frame that is read was asked for once more. */
  private isAgain = false;
  private readonly stopping = new AbortController();
  private readonly request: FramedRequest;

  constructor(request: FramedRequest, first: Part) {
    this.request = stoppable(request, this.stopping.signal);
    this.lanes = request.lanes;
    this.width = this.lanes.most;
    this.total = first.total;
    this.asked = first.end;
    this.begin(first.offset, first.end, async () => first);
  }

  /** The one that is read; undefined where all was. */
  get first(): Arriving | undefined {
    return this.list[0];
  }

  /** The one to read after another, which was read up to `at`. */
  async after(last: Arriving, at: number): Promise<Arriving | undefined> {
    this.list.shift();
    if (at < last.end) {
      // One that waits for its reader would wait for this one.
      const others = this.list.filter(({ hasEnded, waitsForReader }) => !hasEnded && !waitsForReader);
      const isHopeless = this.isAgain && at - last.from < limits.floor.bytes;
      const { repository, signal } = this.request;
      if (signal?.aborted === true || (isHopeless && others.length === 0)) {
        throw last.failure ?? elsewhere(repository, at, undefined);
      }
      // The parent may not take as many at once.
      if (isHopeless) await Promise.race(others.map(({ ended }) => ended));
      this.begin(at, last.end);
    }
    this.isAgain = at < last.end;
    this.fill();
    return this.first;
  }

  stop(): void {
    this.stopping.abort(new Error('stopped'));
    for (const frame of this.list) frame.stop();
  }

  /** Asks for what there is room for. */
  private fill(): void {
    const { pace } = this;
    const { line, repository } = this.request;
    if (pace === undefined || this.stopping.signal.aborted) return;
    // Whoever reads waits then, and comes here again when it goes on.
    if (line?.isBehind(repository) === true) return;
    const atOnce = pace < nearPace ? this.width : 1;
    while (this.asked < this.total && this.list.filter(({ hasEnded }) => !hasEnded).length < atOnce) {
      const end = this.asked + this.bytesOfNext(pace);
      if (!this.begin(this.asked, end)) return;
      this.asked = end;
    }
  }

  private bytesOfNext(pace: number): number {
    const left = this.total - this.asked;
    if (pace >= nearPace) return Math.min(left, nearFrameBytes);
    const { least, most } = frameBytes;
    // Towards the end they are smaller, so that the last ones end together.
    const fair = Math.ceil(left / (2 * this.lanes.most));
    return Math.min(left, Math.max(least, Math.min(most, Math.floor(pace * frameSeconds), fair)));
  }

  /** @returns false where there is no lane for it; the one that is to be read has one always */
  private begin(from: number, end: number, ask = () => this.ask(from, end)): boolean {
    const isNext = this.list.every((frame) => frame.from > from);
    const isBounded = end - from > frameBytes.most;
    const lane = this.lanes.enter(isBounded ? mostUnread : end - from, isNext);
    if (lane === undefined) return false;
    const { line, repository } = this.request;
    const frame: Arriving = new Arriving(from, end, isBounded, lane, ask, {
      came: (bytes) => line?.arrived(0, repository, bytes),
      ended: () => this.ended(frame),
    });
    if (isNext) this.list.unshift(frame);
    else this.list.push(frame);
    return true;
  }

  private async ask(from: number, end: number): Promise<Part> {
    const { repository, signal, ask } = this.request;
    const part = await ask(from, end - from, signal);
    if (part === undefined) throw elsewhere(repository, from, undefined);
    if (part.offset === from && part.end === end && part.total === this.total) return part;
    part.drop();
    throw elsewhere(repository, from, part.offset);
  }

  private ended({ failure, pace }: Arriving): void {
    if (failure === undefined) {
      this.pace = pace;
      this.width = Math.min(this.width + 1, this.lanes.most);
    } else {
      this.width = 1;
    }
    this.fill();
  }
}
