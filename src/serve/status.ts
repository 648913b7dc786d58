import { iso } from '../model/moment.js';
import { compareNumbered } from '../model/names.js';
import { newestOf, tallyOf } from '../model/report-state.js';
import { givenTo } from '../model/site-settings.js';
import type { ChildStatus, DepotStatus, ParentStatus, RepositoryStatus } from '../model/status.js';
import type { StatusError } from '../model/status-error.js';
import type { StoredError } from '../store/cycles.js';
import type { PollRow } from '../store/polls.js';
import type { Store } from '../store/store.js';
import { directoryStatus } from './trust-status.js';
import { childRepository, masterRepository, statusError } from './repository-status.js';
import type { DepotFacts, Listed, LiveFacts, StatusQuery } from './status-facts.js';

/** So many missed polls are worth a word. */
const missedPolls = 3;

/** The status from what is kept and, where a daemon runs, from what it knows; a read-only `store` is enough. */
export function depotStatus(store: Store, facts: DepotFacts, live: LiveFacts | null, query: StatusQuery): DepotStatus {
  const { nowMs } = query;
  const parents = live?.parents ?? facts.parents.map((url) => parentAsKept(url, store.polls.list()));
  const repositories = repositoriesOf(store, facts, live).map((named) =>
    named.source === undefined
      ? childRepository(store, facts, live, named, parents, nowMs)
      : masterRepository(store, facts, live, { ...named, source: named.source }, nowMs),
  );
  const below = store.reports.below();
  return {
    schema: 1,
    depot: facts.depot,
    site: facts.site,
    version: facts.version,
    running: live !== null,
    now: iso(nowMs),
    startedAt: live === null ? null : iso(live.startedAtMs),
    listen: live?.listen ?? null,
    data: facts.data,
    parents: parents.map((parent) => ({ ...parent, error: withSince(parent.error, repositories) })),
    line: live?.line ?? null,
    given: facts.given,
    repositories,
    directory: directoryStatus(store, facts, live, nowMs),
    certificate: live?.certificate ?? null,
    children: store.demands
      .list()
      .map(({ child, site, lastHeardMs, authenticated }): ChildStatus => {
        const isOver = (everyMs: number): boolean => nowMs - lastHeardMs > missedPolls * everyMs;
        const silent = isOver(facts.pollEveryMs) && isOver(givenPollMs(store, facts, site));
        return { depot: child, site, lastSeenAt: iso(lastHeardMs), silent, authenticated };
      })
      .sort((a, b) => compareNumbered(a.depot, b.depot)),
    rejoined: store.rejoins
      .list(nowMs)
      .map(({ depot, site, atMs, endedMs }) => ({ depot, site, at: iso(atMs), ended: iso(endedMs) })),
    tally: tallyOf(below, newestOf(repositories), nowMs),
    below: query.tree ? below : null,
    process: live?.process ?? null,
  };
}

/** How seldom the depots of a site below poll by what the directory sets; else they do as this one does, as far as it knows. */
function givenPollMs(store: Store, facts: DepotFacts, site: string): number {
  const { sites = [], generation = 0 } = store.company.get(facts.site) ?? {};
  return givenTo(site, sites, generation)?.poll?.settings.everyMs ?? 0;
}

/** Those published here, followed by name, named by the parents, and held; by name, the configuration's word first. */
function repositoriesOf(store: Store, facts: DepotFacts, live: LiveFacts | null): Listed[] {
  const byName = new Map<string, Listed>();
  const add = (listed: Listed): void => void byName.set(listed.name, listed);
  if (facts.follow !== 'all') {
    for (const { repository } of facts.follow) add({ name: repository, kind: null, context: null });
  }
  for (const known of live?.known ?? []) add(known);
  for (const name of store.heads.repositories()) {
    const head = store.heads.newest(name)?.head;
    if (head !== undefined) add({ name, kind: head.kind, context: head.context });
  }
  for (const published of facts.published) add(published);
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** All repositories that the status lists, by name. */
export function repositoryNames(store: Store, facts: DepotFacts, live: LiveFacts | null): string[] {
  return repositoriesOf(store, facts, live).map(({ name }) => name);
}

/** How long a parent has failed is known of the repositories that failed with it. */
function withSince(error: StatusError | null, repositories: readonly RepositoryStatus[]): StatusError | null {
  const since = repositories.find((each) => each.error?.message === error?.message)?.error?.since;
  return error === null || since === undefined ? error : { ...error, since };
}

/** How a parent answered last, over all repositories. */
function parentAsKept(url: string, polls: readonly PollRow[]): ParentStatus {
  const asked = polls.filter(({ parent }) => parent === url).sort((a, b) => b.lastAtMs - a.lastAtMs)[0];
  if (asked === undefined) {
    return { url, depot: null, answers: 'not-asked', at: null, error: null, authenticated: false };
  }
  const failure = asked.error !== null && isNoAnswer(asked.error) ? statusError(asked.error, asked.lastAtMs) : null;
  const answers = failure === null ? 'yes' : 'no';
  return { url, depot: null, answers, at: iso(asked.lastAtMs), error: failure, authenticated: false };
}

function isNoAnswer({ code }: StoredError): boolean {
  return code === 'parent-unreachable' || code === 'parent-answer' || code === 'certificate-refused';
}
