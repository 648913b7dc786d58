import type { Demand } from '../model/selection.js';
import { unitName, wantedUnits } from '../model/units.js';
import { limits } from '../protocol/limits.js';
import type { HeadRow } from '../store/heads.js';
import type { Store } from '../store/store.js';

/**
 * The package revisions of a generation that a child asks for and that are not whole here, so that it leaves them alone.
 * Where they are too many to name it is all of them: `*`.
 */
export function missingUnits(store: Store, { head }: HeadRow, demand: Demand): string[] {
  const isWhole = store.units.whole(head.repository);
  const missing = wantedUnits(store.packages.of(head.root), demand).filter((unit) => !isWhole(unit));
  return missing.length > limits.missingUnits ? ['*'] : missing.map(unitName);
}
