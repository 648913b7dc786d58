import { isWithin } from './names.js';
import type { Ring, Targets } from './package.js';

/** Whether a depot at a site gets the package: the longest of the sites that cover its own decides. */
export function isTargeted(targets: Targets | null, site: string): boolean {
  if (targets === null) return false;
  return longestOver(targets.to, site) > longestOver(targets.except, site);
}

/** Whether a release in a ring is for a depot; one without a ring is for all. */
export function isInRing(
  ring: Ring | null,
  { depot, site }: { readonly depot: string; readonly site: string },
): boolean {
  return ring === null || ring.depots.includes(depot) || longestOver(ring.sites, site) > 0;
}

/** The length of the longest of these sites at or above a site; 0 where there is none. */
function longestOver(sites: readonly string[], site: string): number {
  return sites.reduce((longest, each) => (isWithin(site, each) ? Math.max(longest, each.length) : longest), 0);
}
