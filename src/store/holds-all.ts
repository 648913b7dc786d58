import { DepotError } from '../model/errors.js';
import { covers, everything } from '../model/selection.js';
import { wantedUnits } from '../model/units.js';
import type { HeadRow } from './heads.js';
import type { Store } from './store.js';

/** Whether all of a generation is here, as at a master depot: of packages all revisions, whomever they are distributed to. */
export function holdsAll(store: Pick<Store, 'packages' | 'units'>, { head, complete }: HeadRow): boolean {
  if (complete === undefined) return false;
  if (head.kind === 'mirror') return covers(complete, [everything]);
  try {
    return wantedUnits(store.packages.of(head.root), [everything]).every(store.units.whole(head.repository));
  } catch (error) {
    if (error instanceof DepotError) return false; // records that are gone or damaged
    throw error;
  }
}
