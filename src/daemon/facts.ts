import type { PublishedSettings } from '../config/settings.js';
import type { ForecastStatus } from '../model/forecast-status.js';
import type { GivenStatus } from '../model/line-status.js';
import type { DepotFacts, LiveFacts, PublishedFacts } from '../serve/status-facts.js';
import { contentAtMs } from '../sync/content-times.js';
import { certificateStatus } from './certificate-status.js';
import type { RunningDepot } from './running-depot.js';

/** What the settings say, as the status wants it. */
export function depotFacts({
  settings,
  version,
  given,
  mastery,
}: Pick<RunningDepot, 'settings' | 'version' | 'mastery'> & { readonly given: GivenStatus | null }): DepotFacts {
  return {
    depot: settings.depot,
    site: settings.site,
    version,
    data: settings.data,
    parents: settings.parents.map(({ url }) => url),
    pollEveryMs: settings.poll.everyMs,
    follow: settings.follow,
    lifetimes: settings.signing,
    given,
    published: mastery.published.map(factsOf),
    elsewhere: mastery.elsewhere.map(({ settings: of, state, handOver }) => ({
      ...factsOf(of),
      state,
      to: handOver?.to ?? null,
    })),
  };
}

function factsOf(published: PublishedSettings): PublishedFacts {
  const { name, kind, context } = published;
  return { name, kind, context, source: published.kind === 'mirror' ? published.source : published.work };
}

/** What only the running daemon knows. */
export function liveFacts(depot: RunningDepot, forecasts: readonly ForecastStatus[] = []): LiveFacts {
  return {
    startedAtMs: depot.startedAtMs,
    listen: depot.listen,
    process: { rssBytes: process.memoryUsage.rss(), eventLoopP99Ms: depot.loopDelay.p99Ms() },
    certificate:
      depot.membership === undefined
        ? null
        : certificateStatus(depot.membership.own, depot.settings.certificate?.file, depot.host.now()),
    parents: depot.sync.parents.status(),
    line: depot.ownLine.status(),
    known: depot.sync.known.list(),
    directoryWaits: depot.sync.board.directoryWaits,
    sitesLeft: depot.sites.left ?? null,
    windowBytes: (repository) => depot.forecasts.windowBytes(repository),
    forecast: (name) => forecasts.find(({ repository }) => repository === name) ?? null,
    cycle: (repository) => depot.sync.board.read(repository),
    contentAtMs: (repository) => contentAtMs(depot.sync, repository),
    nextPollAtMs: (repository) => depot.schedule.nextPollAtMs(repository),
    source: (repository) => depot.publishers.find(repository)?.status() ?? null,
    moveError: (repository) => depot.moving.failure(repository),
    sourceError: (repository) => depot.publishers.find(repository)?.lastError() ?? null,
  };
}
