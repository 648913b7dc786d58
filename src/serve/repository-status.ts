import { iso } from '../model/moment.js';
import { timesOpen } from '../model/forecast-status.js';
import { missedTooOften, type MissedStatus } from '../model/missed-windows.js';
import { unionDemand, type Selection } from '../model/selection.js';
import type { SourceStatus } from '../model/publish-status.js';
import type { ParentStatus, RepositoryStatus } from '../model/status.js';
import type { StatusError } from '../model/status-error.js';
import { wantedUnits } from '../model/units.js';
import type { StoredError } from '../store/cycles.js';
import { appliedGeneration, lagOf } from '../store/figures.js';
import type { PollRow } from '../store/polls.js';
import type { Store } from '../store/store.js';
import { masterOf } from './move-status.js';
import { holdStatuses } from './queries.js';
import { expiryOfOwn, trustOf } from './trust-status.js';
import { selectionOf, type DepotFacts, type Listed, type LiveFacts } from './status-facts.js';
import { urgentLeft } from './urgent-left.js';

export function masterRepository(
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

export function childRepository(
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
      (polled?.error == null || polled.error.code === 'window-closed' ? null : pollError(store, polled, polled.error)),
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
    windowBytes: live?.windowBytes(name) ?? null,
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

function isBehind(lag: RepositoryStatus['lag']): boolean {
  return lag !== null && lag.generations > 0;
}

function nameOf(url: string, parents: readonly ParentStatus[]): string {
  return parents.find((parent) => parent.url === url)?.depot ?? url;
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

/** The history has one row for all failures of one kind that follow upon each other. */
function pollError(store: Store, { repository, lastAtMs }: PollRow, error: StoredError): StatusError {
  const first = store.cycles.list(repository, 1)[0];
  const isTheSame = first?.outcome === 'failed' && first.error?.message === error.message && first.endedAtMs < lastAtMs;
  return { ...statusError(error, lastAtMs), ...(isTheSame ? { since: iso(first.endedAtMs) } : {}) };
}

export function statusError({ code, message, hint }: StoredError, atMs: number): StatusError {
  return { code, message, hint, at: iso(atMs) };
}
