import { DepotError } from '../model/errors.js';
import { unitPaths, wantedUnits } from '../model/units.js';
import type { HeadRow } from './heads.js';
import type { Store } from './store.js';

/**
 * Which paths of the retained generations of a repository have objects that a collection keeps. Of a mirror all. Of packages
 * those that are asked for: what a narrower target does not give any more is dropped.
 */
export function keptPaths(store: Store, retained: readonly HeadRow[]): (path: string) => boolean {
  if (retained.some(({ head }) => head.kind === 'mirror')) return () => true;
  try {
    const kept = retained.flatMap(({ head, complete }) =>
      complete === undefined ? [] : wantedUnits(store.packages.of(head.root), complete),
    );
    return unitPaths(kept);
  } catch (error) {
    // What cannot be read cannot say that something is not needed.
    if (error instanceof DepotError) return () => true;
    throw error;
  }
}
