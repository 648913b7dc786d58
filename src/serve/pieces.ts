/** What is read and written at once at most, bytes. */
export const pieceBytes = 256 * 1024;

/** Shorter ones are cheap. */
const leastLent = 32 * 1024;
/** What waits to be used again: two for each of some answers at the same time. */
const mostFree = 16;

const free: Buffer[] = [];

/**
 * Memory to fill, of at least so many bytes. Memory outside of the heap counts for its collector, and new pieces for all that
 * a depot sends made it look through the whole heap several times a second.
 */
export function borrowPiece(bytes: number): Buffer {
  return bytes < leastLent ? Buffer.allocUnsafe(bytes) : (free.pop() ?? Buffer.allocUnsafeSlow(pieceBytes));
}

/** @param piece one that nobody reads any more */
export function returnPiece(piece: Buffer): void {
  if (piece.length === pieceBytes && free.length < mostFree) free.push(piece);
}
