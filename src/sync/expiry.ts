import { directoryName } from '../model/company.js';
import { DepotError } from '../model/errors.js';
import type { Role } from '../model/metadata.js';
import type { SyncDepot } from './depot.js';

const dayMs = 24 * 3600 * 1000;

/**
 * Looked at in each cycle, also where the parent has nothing new: somebody who withholds newer heads (the freeze attack of
 * the TUF specification) is found out by the time that is over. What is held is served on.
 * @throws DepotError `head-expired`
 */
export function requireFresh(depot: SyncDepot, repository: string): void {
  requireFreshMetadata(depot, repository, repository);
  // It bounds for how long a revocation can be withheld.
  requireFreshMetadata(depot, directoryName, "the company's directory");
}

function requireFreshMetadata(depot: SyncDepot, name: string, subject: string): void {
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
    `the ${role} metadata of ${subject} expired ${since} ago, at ${new Date(atMs).toISOString()}; what is here is served on`,
    { hint: 'is the master depot running, and the clock of this machine right? else somebody withholds newer heads' },
  );
}
