import { asked, letGo, stoppable, turnOf, type Asked, type FramedRequest } from './part.js';

/** What a turn led to; its answer may not be there yet. */
interface Turn {
  readonly asked: Promise<Asked | undefined>;
}

/** Frames that are asked for while one is read. */
const framesAhead = 3;

/**
 * The frames behind one that is being read, of a parent that keeps to the rate, or where there is none: each is asked for as soon as the line has
 * room for it, so that the parent is not without a request for as long as the way there and back, or while the reader is
 * held up. Only where frames are brief: those on their way are lost where the line is cut.
 */
export class Ahead {
  private readonly stopping = new AbortController();
  private readonly turns: AsyncGenerator<Turn, undefined>;
  private readonly waiting: Promise<Turn | undefined>[] = [];

  constructor(
    private readonly request: FramedRequest,
    from: number,
    total: number,
  ) {
    this.turns = inTurn(stoppable(request, this.stopping.signal), from, total);
    this.fill();
  }

  /** The next one; undefined where there is none. */
  async next(): Promise<Asked | undefined> {
    const first = await this.waiting.shift();
    const next = await first?.asked;
    if (first !== undefined) this.fill();
    return next;
  }

  /** Lets go of those that nobody reads. */
  stop(): void {
    this.stopping.abort(new Error('stopped'));
    for (const each of this.waiting.splice(0)) void this.drop(each);
  }

  private fill(): void {
    while (this.waiting.length < framesAhead) {
      const turn = this.turns.next().then(({ value }) => value);
      // Whoever reads up to there is told.
      turn.then((found) => found?.asked.catch(() => undefined)).catch(() => undefined);
      this.waiting.push(turn);
    }
  }

  private async drop(each: Promise<Turn | undefined>): Promise<void> {
    try {
      const found = await (await each)?.asked;
      if (found !== undefined) letGo(this.request, found);
    } catch {
      // It was not asked for, or there is no answer: what was admitted for it is released.
    }
  }
}

async function* inTurn(request: FramedRequest, from: number, total: number): AsyncGenerator<Turn, undefined> {
  for (let at = from; at < total;) {
    const bytes = await turnOf(request, at, total);
    // A promise that is given by itself would be waited for.
    yield { asked: asked(request, at, bytes) };
    if (request.line?.isBrief(bytes, request.repository, request.keeper()) !== true) return;
    at += bytes;
  }
}
