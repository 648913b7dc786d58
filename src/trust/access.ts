import { isWithin } from '../model/names.js';
import type { DepotIdentity } from './identity.js';

/** README section 3.3: whether `child` may take anything from `parent`. */
export function mayBeParent(parent: DepotIdentity, child: DepotIdentity): boolean {
  return isWithin(child.site, parent.site);
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
