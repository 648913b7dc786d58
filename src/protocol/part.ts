import type { Keeper, Line } from './line.js';

/** The bytes of a body of `total` bytes, from `offset` on. */
export interface Part {
  readonly offset: number;
  readonly total: number;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** All of it comes, though a part was asked for. */
  readonly isWhole: boolean;
  /** Lets go of it, unread. */
  drop(): void;
}

export interface FramedRequest {
  readonly line: Line | undefined;
  readonly repository: string;
  readonly keeper: () => Keeper;
  readonly offset: number;
  /** Undefined where only the answer says it. */
  readonly size: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Asks for so many bytes from `from` on; infinitely many: all that there are. Undefined where there is no such thing. */
  readonly ask: (from: number, bytes: number) => Promise<Part | undefined>;
}

/** A part that was asked for. */
export interface Asked {
  readonly part: Part;
  /** What was admitted for it; infinite: all that is left, without a turn. */
  readonly bytes: number;
}

/** How many bytes may be asked for now. */
export async function turnOf(request: FramedRequest, from: number, size: number | undefined): Promise<number> {
  const { line, repository, keeper, signal } = request;
  if (line === undefined || !line.isFramed) return Infinity;
  return line.admit(size === undefined ? Infinity : size - from, repository, keeper(), signal);
}

/** Asks for so many bytes, for which `turnOf` gave the turn. */
export async function asked(
  { line, repository, ask }: FramedRequest,
  from: number,
  bytes: number,
): Promise<Asked | undefined> {
  const release = (): void => (bytes === Infinity ? undefined : line?.release(bytes, repository));
  try {
    const part = await ask(from, bytes);
    if (part === undefined) release();
    return part && { part, bytes };
  } catch (error) {
    release();
    throw error;
  }
}
