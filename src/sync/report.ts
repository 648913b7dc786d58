import type { RowForecast } from '../model/forecast-status.js';
import type { ReportRepository, ReportRow } from '../model/report-row.js';
import { isWithin } from '../model/names.js';
import { demandsHash } from '../model/selection.js';
import { repositoryFigures } from '../store/figures.js';
import { allDemands, demandOf, ownSelection, polledRepositories, type SyncDepot } from './depot.js';
import type { Parent } from './parents.js';

/** A row goes out when what it says has changed, and all rows at least this often: an old row means a silent depot. */
const allRowsEveryMs = 6 * 3600 * 1000;
/** Rows in one message; a parent refuses one of more than 5,000 (src/protocol/limits.ts). */
const rowsAMessage = 1000;
/** Of a report beside its rows and the demand: bytes. */
const rest = 128;

/** Tells the parent what is wanted here, unless it is known to have been told: what it calls complete depends on it. */
export async function announceDemand(depot: SyncDepot, parent: Parent, signal: AbortSignal): Promise<void> {
  const demands = allDemands(depot, askedOf(depot, parent));
  if (demandsHash(demands) !== parent.demandHash) await report(depot, parent, signal, 'demand');
}

/** Tells the parent what has become of this depot and of those below it since the last report. */
export async function report(
  depot: SyncDepot,
  parent: Parent,
  signal: AbortSignal,
  because: 'rows' | 'demand' = 'rows',
): Promise<void> {
  const sinceStartMs = depot.host.monotonic();
  if (sinceStartMs - parent.reportedAllAtMs >= allRowsEveryMs) {
    parent.reported.clear();
    parent.reportedAllAtMs = sinceStartMs;
    parent.takesReports = true;
  }
  if (!parent.takesReports) return;
  const own = await reportRows(depot, parent);
  const news = inTurn(own, parent);
  const repositories = allDemands(depot, askedOf(depot, parent));
  const hash = demandsHash(repositories);
  const whole = { hash, repositories };
  const demand = parent.demandHash === hash ? { hash } : whole;
  // While the line is closed a demand that is too long waits for the opening; the rows do not wait with it.
  const isTold = because === 'demand' || bytesOf(demand) <= depot.line.room() - rest;
  const rows = fitting(news, depot.line.room() - rest - bytesOf(isTold ? demand : { hash }));
  if (rows.length === 0 && because === 'rows') return;
  const messages = because === 'demand' && rows.length === 0 ? [[]] : inMessages(rows);
  for (const [at, some] of messages.entries()) {
    const answer = await parent.client.report({ rows: some, demand: at === 0 && isTold ? demand : { hash } }, signal);
    if (answer === undefined) {
      parent.takesReports = false;
      return;
    }
    for (const row of some) {
      parent.reported.delete(row.depot);
      parent.reported.set(row.depot, withoutTimes(row));
    }
    if (at > 0) continue;
    if (answer.demand === 'send') {
      if (because === 'rows' && bytesOf(whole) > depot.line.room() - rest) continue;
      await parent.client.report({ rows: [], demand: whole }, signal);
    }
    parent.demandHash = hash;
  }
}

/** Those that say something new: this depot's own, then those of which the parent has not heard for the longest. */
function inTurn([own, ...below]: readonly ReportRow[], { reported }: Parent): ReportRow[] {
  const heard = new Map([...reported.keys()].map((depot, at) => [depot, at]));
  const turn = ({ depot }: ReportRow): number => heard.get(depot) ?? -1;
  const rows = [...(own === undefined ? [] : [own]), ...below.sort((a, b) => turn(a) - turn(b))];
  return rows.filter((row) => reported.get(row.depot) !== withoutTimes(row));
}

/** Those that have no more than so many bytes together: the others go with a later poll, and one that is too long by itself when the line is open. */
function fitting(rows: readonly ReportRow[], bytes: number): readonly ReportRow[] {
  if (bytes === Infinity) return rows;
  let left = bytes;
  return rows.filter((row) => {
    const needed = bytesOf(row) + 1;
    if (needed > left) return false;
    left -= needed;
    return true;
  });
}

function inMessages(rows: readonly ReportRow[]): (readonly ReportRow[])[] {
  const count = Math.ceil(rows.length / rowsAMessage);
  return Array.from({ length: count }, (_, at) => rows.slice(at * rowsAMessage, (at + 1) * rowsAMessage));
}

/** As JSON. */
function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** What this parent is polled for: it learns of no other repository. */
function askedOf(depot: SyncDepot, { repositories }: Parent): string[] {
  return polledRepositories(depot).filter((name) => repositories?.includes(name) !== false);
}

/**
 * This depot's row, then those below it as they came. A depot can be the parent for one repository and a child for another:
 * it is not told of itself, so what is below waits until it is known who it is.
 */
async function reportRows(depot: SyncDepot, parent: Parent): Promise<ReportRow[]> {
  const { store, host } = depot;
  const now = host.now();
  const forecasts = await depot.forecasts();
  const own: ReportRow = {
    depot: depot.name,
    site: depot.site,
    parent: parent.client.parentDepot ?? parent.url,
    version: depot.version,
    at: new Date(now).toISOString(),
    repositories: [
      ...depot
        .settings()
        .published.map((name) => repositoryFigures(store, name, { role: 'master', selection: null, demand: [] }, now)),
      ...polledRepositories(depot).map((name) => childFigures(depot, name, now, forecasts.get(name))),
    ],
  };
  // A parent refuses a report with a row from elsewhere as a whole.
  const { parentDepot } = parent.client;
  const below = parentDepot === undefined ? [] : store.reports.below();
  const rows = [own, ...below.filter(({ depot: name, site }) => isWithin(site, depot.site) && name !== parentDepot)];
  return rows.map((row) => asFarAs(parent, row));
}

function asFarAs({ repositories }: Parent, row: ReportRow): ReportRow {
  if (repositories === null) return row;
  return { ...row, repositories: row.repositories.filter(({ name }) => repositories.includes(name)) };
}

function childFigures(
  depot: SyncDepot,
  name: string,
  nowMs: number,
  forecast: RowForecast | undefined,
): ReportRepository {
  const as = { role: 'child', selection: ownSelection(depot, name), demand: demandOf(depot, name) } as const;
  const figures = repositoryFigures(depot.store, name, as, nowMs);
  if (forecast === undefined) return figures;
  return { ...figures, bytesLeft: forecast.bytesLeft ?? figures.bytesLeft, forecast };
}

/** Lag in seconds grows by itself and is no news. */
function withoutTimes(row: ReportRow): string {
  return JSON.stringify(row, (key, value: unknown) => (key === 'at' || key === 'lagSeconds' ? undefined : value));
}
