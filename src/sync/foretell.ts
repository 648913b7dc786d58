import { asDepotError } from '../model/errors.js';
import type { Offers } from '../model/offer.js';
import type { WireBytes } from '../model/route.js';
import type { Sha256 } from '../model/sha256.js';
import type { FileCount } from '../model/plan-status.js';
import { limits } from '../protocol/limits.js';
import type { SyncDepot } from './depot.js';
import { planRoutes, previewRoutes, type RoutedObjects } from './foretell-job.js';
import type { Parent } from './parents.js';
import type { PlannedFetch } from './planned-fetch.js';

/** What the parent has of the plan in force, and what that brings over the line; its rows say so from now on. */
export async function foretellPlan(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  planned: PlannedFetch,
  signal: AbortSignal,
): Promise<{ readonly offers: Offers; readonly wire: WireBytes }> {
  const offers = await askOffers(depot, parent, repository, planned.large, signal);
  if (planned.large.length === 0) return { offers, wire: wireOf(planned.fetch) };
  const routed = await depot.run(planRoutes, { repository, offers: [...offers.values()] }, { signal });
  return { offers, wire: wireOf(planned.fetch, routed) };
}

/** The same for a plan that is not carried out now. */
export async function foretellPreview(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  planned: PlannedFetch,
  signal: AbortSignal,
): Promise<WireBytes> {
  const { large, fetch } = planned;
  if (large.length === 0) return wireOf(fetch);
  const offers = await askOffers(depot, parent, repository, large, signal);
  return wireOf(fetch, await depot.run(previewRoutes, { large, offers: [...offers.values()] }, { signal }));
}

/** What of a plan is large by its routes, and of the rest its size at most. */
function wireOf(fetch: FileCount, large: RoutedObjects = { files: 0, sizes: 0, bytes: 0, exact: true }): WireBytes {
  return { bytes: fetch.bytes - large.sizes + large.bytes, exact: large.exact && large.files === fetch.files };
}

/**
 * What is known of the forms that a parent has, asked for where it is not known yet. Where it does not say, nothing is known,
 * and whatever it is that goes wrong shows when the objects are fetched.
 */
export async function askOffers(
  { host, line, log }: SyncDepot,
  parent: Parent,
  repository: string,
  large: PlannedFetch['large'],
  signal: AbortSignal,
): Promise<Offers> {
  const now = host.monotonic();
  const names = large.map(({ sha256 }) => sha256);
  const unknown = parent.offers.unknown(repository, names, now, line.room(repository) !== Infinity);
  let asked: readonly Sha256[] = [];
  try {
    for (let at = 0; at < unknown.length && !parent.offers.isFull(repository); at += limits.offersAsked) {
      asked = unknown.slice(at, at + limits.offersAsked);
      const answer = await parent.client.offers(repository, asked, signal);
      if (answer === undefined) {
        parent.offers.fellSilent(repository, now);
        break;
      }
      parent.offers.learn(repository, asked, answer, now);
    }
  } catch (thrown) {
    const error = asDepotError(thrown, `ask ${parent.url} what it has of ${repository}`);
    if (error.code === 'interrupted') throw error;
    if (error.code === 'parent-answer') parent.offers.fellSilent(repository, now);
    if (error.code === 'window-closed') parent.offers.tooLong(repository, asked);
    log.debug({ repository, parent: parent.url, code: error.code }, error.message);
  }
  return parent.offers.leadingTo(repository, names);
}
