import picomatch from 'picomatch';
import type { FileEntry } from './entry.js';

/** Files of a mirror that do not travel compressed, as globs over its paths. Part of its head, since every depot fetches by it. */
export interface TravelRules {
  /** As they are: not compressed, no delta, in no bundle. */
  readonly raw: readonly string[];
  /** Large ones as what differs from the file before, else as they are. `raw` takes precedence. */
  readonly rawOrDelta: readonly string[];
}

export const travelFreely: TravelRules = { raw: [], rawOrDelta: [] };

/** How a file may travel: in the cheapest form there is, as it is or as a delta, or only as it is. */
export type TravelForm = 'any' | 'raw-or-delta' | 'raw';

/** The rules, compiled once. Leading dots are ordinary characters. */
export function travelForms({ raw, rawOrDelta }: TravelRules): (file: Pick<FileEntry, 'path'>) => TravelForm {
  if (raw.length === 0 && rawOrDelta.length === 0) return () => 'any';
  const matcher = (globs: readonly string[]) =>
    globs.length === 0 ? () => false : picomatch([...globs], { dot: true });
  const [isRaw, isRawOrDelta] = [matcher(raw), matcher(rawOrDelta)];
  return ({ path }) => (isRaw(path) ? 'raw' : isRawOrDelta(path) ? 'raw-or-delta' : 'any');
}

export function sameTravel(a: TravelRules, b: TravelRules): boolean {
  return JSON.stringify([a.raw, a.rawOrDelta]) === JSON.stringify([b.raw, b.rawOrDelta]);
}
