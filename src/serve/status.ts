import { timesOpen, type ForecastStatus } from '../model/forecast-status.js';
import type { Kind } from '../model/head.js';
import { missedTooOften, type MissedStatus } from '../model/missed-windows.js';
import { everything, unionDemand, type Follow, type Selection } from '../model/selection.js';
import { givenTo } from '../model/site-settings.js';
import type {
  ChildStatus,
  CycleProgress,
  DepotStatus,
  GivenStatus,
  LineStatus,
  OwnCertificateStatus,
  ParentStatus,
  RepositoryStatus,
  SourceStatus,
  StatusError,
} from '../model/status.js';
import { wantedUnits } from '../model/units.js';
import type { StoredError } from '../store/cycles.js';
import { appliedGeneration, lagOf } from '../store/figures.js';
import type { PollRow } from '../store/polls.js';
import type { Store } from '../store/store.js';
import type { Lifetimes } from '../trust/sign.js';
import { masterOf } from './move-status.js';
import { holdStatuses } from './queries.js';
import { directoryStatus, expiryOfOwn, trustOf } from './trust-status.js';
import { urgentLeft } from './urgent-left.js';

/** What the configuration says of a depot, as far as its status shows it. */
export interface DepotFacts {
  readonly depot: string;
  readonly site: string;
  readonly version: string;
  readonly data: string;
  /** URLs, in the order in which they are asked. */
  readonly parents: readonly string[];
  readonly pollEveryMs: number;
  readonly follow: Follow;
  readonly published: readonly PublishedFacts[];
  /** Those that have a source here, and another master depot. */
  readonly elsewhere: readonly ElsewhereFacts[];
  /** How long what is signed here is valid. */
  readonly lifetimes: Lifetimes;
  /** What the directory sets for this depot's site. */
  readonly given: GivenStatus | null;
}

export interface PublishedFacts extends NamedRepository {
  /** Absolute path of the source. */
  readonly source: string;
}

export interface ElsewhereFacts extends PublishedFacts {
  readonly state: 'child' | 'handed-over' | 'without-keys' | 'incomplete';
  /** The depot that it was given to from here; null where it was not. */
  readonly to: string | null;
}

export interface NamedRepository {
  readonly name: string;
  readonly kind: Kind;
  readonly context: string;
}

/** What only a running daemon knows. */
export interface LiveFacts {
  readonly startedAtMs: number;
  /** URL that it really listens on; null while it does not. */
  readonly listen: string | null;
  readonly process: { readonly rssBytes: number; readonly eventLoopP99Ms: number };
  readonly certificate: OwnCertificateStatus | null;
  readonly parents: readonly ParentStatus[];
  readonly line: LineStatus;
  /** Those that the parents name, and those whose head is not here yet. */
  readonly known: readonly NamedRepository[];
  /** What the next whole window of the line carries, bytes; null where nobody knows. */
  readonly windowBytes: number | null;
  /** Null where nothing is missing. */
  forecast(repository: string): ForecastStatus | null;
  cycle(repository: string): CycleProgress | null;
  nextPollAtMs(repository: string): number | null;
  /** When the content of packages is fetched next; null where it is by each poll. */
  contentAtMs(repository: string): number | null;
  source(repository: string): SourceStatus | null;
  /** Why the last scan of a source failed. */
  sourceError(repository: string): StatusError | null;
  /** Why the directory could not be told of a move that was signed here. */
  moveError(repository: string): StatusError | null;
}

export interface StatusQuery {
  readonly nowMs: number;
  /** With what the depots below reported. */
  readonly tree: boolean;
}

/** So many missed polls are worth a word. */
const missedPolls = 3;

/** The status from what is kept and, where a daemon runs, from what it knows; a read-only `store` is enough. */
export function depotStatus(store: Store, facts: DepotFacts, live: LiveFacts | null, query: StatusQuery): DepotStatus {
  const { nowMs } = query;
  const parents = live?.parents ?? facts.parents.map((url) => parentAsKept(url, store.polls.list()));
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
    parents,
    line: live?.line ?? null,
    given: facts.given,
    repositories: repositoriesOf(store, facts, live).map((named) =>
      named.source === undefined
        ? childRepository(store, facts, live, named, parents, nowMs)
        : masterRepository(store, facts, live, { ...named, source: named.source }, nowMs),
    ),
    directory: directoryStatus(store, facts, nowMs),
    certificate: live?.certificate ?? null,
    children: store.demands
      .list()
      .map(({ child, site, lastHeardMs, authenticated }): ChildStatus => {
        const isOver = (everyMs: number): boolean => nowMs - lastHeardMs > missedPolls * everyMs;
        const silent = isOver(facts.pollEveryMs) && isOver(givenPollMs(store, facts, site));
        return { depot: child, site, lastSeenAt: iso(lastHeardMs), silent, authenticated };
      })
      .sort((a, b) => (a.depot < b.depot ? -1 : 1)),
    rejoined: store.rejoins
      .list(nowMs)
      .map(({ depot, site, atMs, endedMs }) => ({ depot, site, at: iso(atMs), ended: iso(endedMs) })),
    below: query.tree ? store.reports.below() : null,
    process: live?.process ?? null,
  };
}

/** How seldom the depots of a site below poll by what the directory sets; else they do as this one does, as far as it knows. */
function givenPollMs(store: Store, facts: DepotFacts, site: string): number {
  const { sites = [], generation = 0 } = store.company.get(facts.site) ?? {};
  return givenTo(site, sites, generation)?.poll?.settings.everyMs ?? 0;
}

interface Listed {
  readonly name: string;
  readonly kind: Kind | null;
  readonly context: string | null;
  readonly source?: string;
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

function masterRepository(
  store: Store,
  facts: DepotFacts,
  live: LiveFacts | null,
  { name, kind, context, source }: Listed & { readonly source: string },
  nowMs: number,
): RepositoryStatus {
  const newest = store.heads.newest(name);
  const generation = newest?.head.generation ?? null;
  return {
    name,
    kind,
    context,
    role: 'master',
    ...masterOf(store, facts, name),
    generation,
    publishedAt: newest?.head.publishedAt ?? null,
    files: newest?.head.files ?? null,
    bytes: newest?.head.bytes ?? null,
    newest: generation,
    lag: generation === null ? null : lagOf(store, name, generation, nowMs),
    waitingFor: null,
    waitsForWindow: false,
    urgent: [],
    forecast: null,
    missedWindows: null,
    selection: null,
    tree: kind === 'packages' ? store.layout.tree(name) : source,
    poll: null,
    cycle: null,
    holds: holdStatuses(store, name),
    damaged: store.damage.waiting(name).length,
    source: kind === 'packages' ? null : (live?.source(name) ?? sourceAsKept(store, name, source)),
    trust: trustOf(store, facts, name, true),
    error:
      live?.sourceError(name) ??
      expiryOfOwn(store, facts, name, nowMs) ??
      (generation === null ? null : notEnrolled(store, facts, name, nowMs)),
  };
}

/** What is not in the company's directory is published for nobody. */
function notEnrolled(store: Store, { depot, site }: DepotFacts, name: string, nowMs: number): StatusError | null {
  const company = store.company.get(site);
  const isIn = company?.repositories.some((enrolled) => enrolled.name === name && enrolled.master === depot);
  if (isIn !== false) return null;
  return {
    code: 'not-allowed',
    message: `${name} is not in the company's directory, so no other depot takes it`,
    hint: `depot repository enroll ${name}`,
    at: iso(nowMs),
  };
}

function childRepository(
  store: Store,
  facts: DepotFacts,
  live: LiveFacts | null,
  { name, kind, context }: Listed,
  parents: readonly ParentStatus[],
  nowMs: number,
): RepositoryStatus {
  const selection = selectionOf(facts, name);
  const demand = unionDemand([selection === null ? [] : [selection], store.demands.union(name)]);
  const generation = appliedGeneration(store, name, { role: 'child', selection, demand });
  const head = generation === null ? undefined : store.heads.get(name, generation)?.head;
  const tree = selection === null ? undefined : store.trees.get(name);
  const polled = store.polls.latest(name);
  const nextAtMs = live?.nextPollAtMs(name) ?? null;
  const lag = lagOf(store, name, generation ?? 0, nowMs);
  return {
    name,
    kind,
    context,
    role: 'child',
    ...masterOf(store, facts, name),
    generation,
    publishedAt: head?.publishedAt ?? null,
    files: tree?.root === undefined ? null : tree.files,
    bytes: tree?.root === undefined ? null : tree.bytes,
    newest: store.heads.newest(name)?.head.generation ?? null,
    lag,
    waitsForWindow: polled?.error?.code === 'window-closed' && live?.line.rate === 'closed',
    urgent: urgentLeft(store, facts, name, selection, nowMs),
    forecast: live?.forecast(name) ?? null,
    missedWindows: missedStatus(store, name, live),
    waitingFor:
      isBehind(lag) && polled?.lastOutcome === 'waiting' && polled.error === null
        ? nameOf(polled.parent, parents)
        : null,
    selection,
    tree: tree?.root === undefined ? null : store.layout.tree(name),
    poll: {
      lastAt: polled === undefined ? null : iso(polled.lastAtMs),
      lastOutcome: polled?.lastOutcome ?? null,
      nextAt: nextAtMs === null ? null : iso(nextAtMs),
      content: awaitedContent(store, facts, name, live?.contentAtMs(name) ?? null, selection, nowMs),
    },
    cycle: live?.cycle(name) ?? null,
    holds: holdStatuses(store, name),
    damaged: store.damage.waiting(name).length,
    source: null,
    trust: trustOf(store, facts, name, false),
    error:
      live?.moveError(name) ??
      (polled?.error == null || polled.error.code === 'window-closed'
        ? null
        : statusError(polled.error, polled.lastAtMs)),
  };
}

function missedStatus(store: Store, name: string, live: LiveFacts | null): MissedStatus | null {
  const missed = store.missedWindows.get(name);
  if (missed === undefined || missed.windows < missedTooOften) return null;
  const forecast = live?.forecast(name) ?? null;
  return {
    windows: missed.windows,
    since: iso(missed.sinceMs),
    closedAt: iso(missed.closedMs),
    bytesLeft: forecast?.bytesLeft ?? null,
    windowBytes: live?.windowBytes ?? null,
    windowsNeeded: forecast?.doneAt == null ? null : timesOpen(forecast.legs),
  };
}

/** What is asked for here and below, is not whole here, and is not fetched before its time. */
function awaitedContent(
  store: Store,
  { site }: DepotFacts,
  name: string,
  atMs: number | null,
  selection: Selection | null,
  nowMs: number,
) {
  const head = store.heads.newestComplete(name, []);
  if (atMs === null || atMs <= nowMs || head?.head.kind !== 'packages') return null;
  const isWhole = store.units.whole(name);
  // A child that names no site does not know yet that these are packages.
  const below = store.demands.union(name).filter((each) => each.site !== undefined);
  const demand = unionDemand([selection === null ? [] : [{ ...selection, site }], below]);
  const missing = wantedUnits(store.packages.of(head.head.root), demand).filter((unit) => !isWhole(unit));
  if (missing.length === 0) return null;
  return { at: iso(atMs), revisions: missing.length, bytes: missing.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** What this depot follows of a repository; null where it holds it for depots below it only, or publishes it. */
export function selectionOf(
  { follow, elsewhere }: Pick<DepotFacts, 'follow' | 'elsewhere'>,
  name: string,
): Selection | null {
  if (elsewhere.some((each) => each.name === name)) return everything;
  if (follow === 'all') return everything;
  const followed = follow.find(({ repository }) => repository === name);
  return followed === undefined ? null : { include: followed.include, exclude: followed.exclude };
}

function isBehind(lag: RepositoryStatus['lag']): boolean {
  return lag !== null && lag.generations > 0;
}

function nameOf(url: string, parents: readonly ParentStatus[]): string {
  return parents.find((parent) => parent.url === url)?.depot ?? url;
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

function sourceAsKept(store: Store, repository: string, path: string): SourceStatus {
  const source = store.sources.get(repository);
  const heldBack = store.sources.problems(repository, undefined, 1000);
  return {
    path,
    mode: 'stopped',
    modeReason: 'the daemon is not running',
    scanning: false,
    lastScanAt: source === undefined ? null : iso(source.lastScanMs),
    nextScanAt: null,
    refused: null,
    heldBack: heldBack.map(({ path: name, problem }) => ({ path: name, reason: problem })),
    heldBackCount: store.sources.countProblems(repository),
  };
}

function statusError({ code, message, hint }: StoredError, atMs: number): StatusError {
  return { code, message, hint, at: iso(atMs) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
