import type { EnrolledRepository } from '../model/company.js';
import { isWithin } from '../model/names.js';
import type { DepotIdentity } from './identity.js';

/** README section 3.3: whether `child` may take anything from `parent`. */
export function mayBeParent(parent: DepotIdentity, child: DepotIdentity): boolean {
  return isWithin(child.site, parent.site);
}

/**
 * README section 3.3: whether a depot that stands elsewhere may give `child` these repositories, and nothing else: it is the
 * master depot of each of them, or asks to be. What it gives is signed, and checked like all else.
 */
export function mayBeParentFor(
  repositories: readonly string[] | null,
  parent: DepotIdentity,
  child: DepotIdentity,
  enrolled: readonly EnrolledRepository[],
): boolean {
  const isAtIt = (name: string): boolean =>
    enrolled.some(
      ({ name: each, context, master, asked = [] }) =>
        each === name &&
        isWithin(child.site, context) &&
        isWithin(parent.site, context) &&
        (master === parent.depot || asked.some(({ depot }) => depot === parent.depot)),
    );
  return repositories !== null && repositories.length > 0 && repositories.every(isAtIt);
}

/**
 * Whether a depot may become the master of a new repository of that context. 'approval': the context is wider than its own
 * site, so that depots beside it would follow what it publishes; a person at the directory decides.
 */
export function mayEnrol({ site }: DepotIdentity, context: string): 'yes' | 'approval' | 'no' {
  if (!isWithin(site, context)) return 'no';
  return site === context ? 'yes' : 'approval';
}

/** Whether a depot may bring another one in, to stand at `site`. */
export function mayInvite(inviter: DepotIdentity, site: string): boolean {
  return isWithin(site, inviter.site);
}
