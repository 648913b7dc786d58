import { comparePaths } from '../model/entry.js';

/** A run of paths in the order of `comparePaths`: those behind `after`, up to and with `upTo`; null: without end. */
export interface PathRange {
  readonly after: string | null;
  readonly upTo: string | null;
}

export const allPaths: PathRange = { after: null, upTo: null };

export function holdsPath({ after, upTo }: PathRange, path: string): boolean {
  return (after === null || comparePaths(path, after) > 0) && (upTo === null || comparePaths(path, upTo) <= 0);
}

/** Whether a path below the folder could be among them: `0` is what comes after `/`. */
export function reachesInto({ after, upTo }: PathRange, folder: string): boolean {
  return (
    (after === null || comparePaths(`${folder}0`, after) > 0) && (upTo === null || comparePaths(`${folder}/`, upTo) < 0)
  );
}

/** Ranges that follow each other and hold all paths, with the cuts behind these. */
export function rangesBetween(cuts: readonly string[]): PathRange[] {
  const ends = [null, ...cuts, null];
  return ends.slice(1).map((upTo, at) => ({ after: ends[at] ?? null, upTo }));
}
