import { equalBytes, PatchIndex } from './patch-index.js';

/** First `copied` bytes like those of the base from `position` on, though some differ; then `added` bytes from nowhere. */
export interface PatchStep {
  readonly position: number;
  readonly copied: number;
  readonly added: number;
}

/** A match in another place has to be better than going on by more than this; bytes. */
const worthSeek = 8;
/** The present match goes on where of the next `spanBytes` at most `mostOthers` differ; then `skipBytes` are skipped. */
const spanBytes = 32;
const mostOthers = 10;
const skipBytes = 8;

/**
 * `next` as steps over `base`, in order and without a gap. The rules for what is a match, how far it goes and where it
 * ends are those of bsdiff (Percival 2003), with an index where that has a suffix array.
 */
export function* patchSteps(base: Uint8Array, next: Uint8Array): Generator<PatchStep> {
  const index = new PatchIndex(base, next);
  let start = 0; // of the step in the making: what comes before `start` is told
  let position = 0; // where the base is like it
  let scan = 0;
  while (start < next.length) {
    scan = findOther(index, base, next, scan, position - start);
    const isEnd = scan >= next.length;
    let copied = reachForward(base, next, position, start, scan);
    let back = isEnd ? 0 : reachBack(base, next, index.position, scan, scan - start);
    const overlap = copied + back - (scan - start);
    if (overlap > 0) {
      const kept = bestCut(base, next, position + copied - overlap, index.position - back, scan - back, overlap);
      copied += kept - overlap;
      back -= kept;
    }
    const added = scan - back - (start + copied);
    if (copied + added > 0) yield { position, copied, added };
    start = scan - back;
    position = index.position - back;
    if (isEnd) return;
  }
}

/** Where, from `scan` on, a match begins that is better than the present one, which is `offset` away; or the end. */
function findOther(index: PatchIndex, base: Uint8Array, next: Uint8Array, scan: number, offset: number): number {
  const isSame = (at: number) => base[at + offset] === next[at];
  let length = 0;
  for (;;) {
    scan += length;
    let score = 0; // of the present match over the length of the other one
    for (let scored = scan; ; scan++) {
      if (scan >= next.length) return next.length;
      const held = holds(base, scan + offset, next, scan);
      if (held > 0) {
        length = held;
        break;
      }
      length = index.find(scan, scan + offset);
      for (; scored < scan + length; scored++) if (isSame(scored)) score++;
      if (length > score + worthSeek) return scan;
      if (length > 0 && length === score) break;
      if (scored > scan) {
        if (isSame(scan)) score--;
      } else scored = scan + 1;
    }
  }
}

/** For how many bytes, at least, nothing better than the present match is looked for; 0 where it does not hold. */
function holds(base: Uint8Array, position: number, next: Uint8Array, at: number): number {
  if (Math.min(base.length - position, next.length - at) < spanBytes) return 0;
  let others = 0;
  for (let i = 0; i < spanBytes; i++) {
    if (base[position + i] !== next[at + i] && ++others > mostOthers) return 0;
  }
  if (others > 0) return skipBytes;
  return spanBytes + equalBytes(base, position + spanBytes, next, at + spanBytes);
}

/** How far the present match goes on with more equal bytes than others. */
function reachForward(base: Uint8Array, next: Uint8Array, position: number, start: number, end: number): number {
  const most = Math.min(end - start, base.length - position);
  let [balance, best, length] = [0, 0, 0];
  for (let i = 0; i < most; i++) {
    balance += base[position + i] === next[start + i] ? 1 : -1;
    if (balance > best) {
      best = balance;
      length = i + 1;
    }
  }
  return length;
}

/** How far the match that begins at `scan` can begin earlier. */
function reachBack(base: Uint8Array, next: Uint8Array, position: number, scan: number, room: number): number {
  const most = Math.min(room, position);
  let [balance, best, length] = [0, 0, 0];
  for (let i = 1; i <= most; i++) {
    balance += base[position - i] === next[scan - i] ? 1 : -1;
    if (balance > best) {
      best = balance;
      length = i;
    }
  }
  return length;
}

/** How many of the bytes that both matches reach belong to the first. */
function bestCut(
  base: Uint8Array,
  next: Uint8Array,
  first: number,
  second: number,
  at: number,
  overlap: number,
): number {
  let [balance, best, length] = [0, 0, 0];
  for (let i = 0; i < overlap; i++) {
    if (next[at + i] === base[first + i]) balance++;
    if (next[at + i] === base[second + i]) balance--;
    if (balance > best) {
      best = balance;
      length = i + 1;
    }
  }
  return length;
}
