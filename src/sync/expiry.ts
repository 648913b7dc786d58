import { directoryName } from '../model/company.js';
import { DepotError } from '../model/errors.js';
import type { Role } from '../model/metadata.js';
import type { SyncDepot } from './depot.js';

const dayMs = 24 * 3600 * 1000;

/**
 * Looked at in each cycle, also where the parent has nothing new: somebody who withholds newer heads (the freeze attack of
 * the TUF specification) is found out by the time that is over. So is who withholds the company's directory, and with it
 * what was revoked. What is held is served on, and those whose certificates are known are answered.
 * @throws DepotError `head-expired`
 */
export function requireFresh(depot: SyncDepot, repository: string): void {
  requireFreshSet(depot, directoryName, "the company's directory", 'what was revoked since is not known here');
  requireFreshSet(depot, repository, repository, 'what is here is served on');
}

function requireFreshSet(depot: SyncDepot, name: string, subject: string, consequence: string): void {
  const facts = depot.store.signed.facts(name);
  if (facts === undefined) return;
  const [first] = Object.entries(facts.expiresAtMs).sort(([, a], [, b]) => a - b) as [Role, number][];
  if (first === undefined) return;
  const [role, atMs] = first;
  const overMs = depot.host.now() - atMs;
  if (overMs < 0) return;
  const since = overMs < dayMs ? 'less than a day' : `${Math.floor(overMs / dayMs)} days`;
  throw new DepotError(
    'head-expired',
    `the ${role} metadata of ${subject} expired ${since} ago, at ${new Date(atMs).toISOString()}; ${consequence}`,
    {
      hint: 'is the depot that signs it running, and the clock of this machine right? else somebody withholds what is newer',
    },
  );
}
