import { join } from 'node:path';
import type { EnrolledRepository } from '../model/company.js';
import { Claims } from '../sync/claims.js';
import type { SyncDepot } from '../sync/depot.js';
import { KnownRepositories } from '../sync/known.js';
import { Left } from '../sync/left.js';
import { Parents } from '../sync/parents.js';
import { ProgressBoard } from '../sync/progress.js';
import type { OwnCertificate } from './own-certificate.js';
import type { RunningDepot } from './running-depot.js';

/** What cycles ask the depot for, and whom they tell what they found. */
export interface SyncEvents extends Pick<SyncDepot, 'onKnown' | 'onCompany' | 'onDue'> {
  readonly enrolled: () => readonly EnrolledRepository[] | undefined;
}

/** This depot as its cycles know it. What it is made of may be another part of the depot by the time that it is asked. */
export function syncSide(
  depot: RunningDepot,
  own: OwnCertificate | undefined,
  { enrolled, ...events }: SyncEvents,
): SyncDepot {
  const { store, host, log, version, settings } = depot;
  const { line } = depot.ownLine;
  const identity = { depot: settings.depot, site: settings.site, version };
  return {
    name: settings.depot,
    site: settings.site,
    version,
    store,
    run: depot.workers.run,
    host,
    log,
    parents: new Parents(
      identity,
      host,
      log,
      own && ((repositories) => ({ material: own.material, judge: own.judgeParent(repositories) })),
      line,
    ),
    line,
    known: new KnownRepositories(join(store.layout.metadata, '.known.json'), enrolled),
    board: new ProgressBoard(host),
    claims: new Claims(),
    left: new Left(() => depot.sync),
    forecasts: () => depot.forecasts.rows(),
    ...events,
    settings: () => ({
      follow: depot.settings.follow,
      holdAbove: depot.settings.deletions.holdAbove,
      published: depot.mastery.published.map(({ name }) => name),
      whole: depot.mastery.elsewhere.map(({ settings: { name } }) => name),
      pollEveryMs: (name) => depot.settings.poll.repositories[name]?.everyMs ?? depot.settings.poll.everyMs,
      contentEveryMs: (name) => depot.settings.poll.repositories[name]?.contentMs ?? depot.settings.poll.contentMs,
    }),
  };
}
