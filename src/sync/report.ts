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
/** Of a report beside its rows, where it names no demand: bytes. */
const rest = 512;

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
  const now = depot.host.now();
  if (now - parent.reportedAllAtMs >= allRowsEveryMs) {
    parent.reported.clear();
    parent.reportedAllAtMs = now;
  }
  const own = await reportRows(depot, parent);
  const news = own.filter((row) => parent.reported.get(row.depot) !== withoutTimes(row));
  const rows = news.slice(0, fitting(news, depot.line.room() - rest));
  if (rows.length === 0 && because === 'rows') return;
  const repositories = allDemands(depot, askedOf(depot, parent));
  const hash = demandsHash(repositories);
  const isKnown = parent.demandHash === hash;
  const first = rows.slice(0, rowsAMessage);
  const answer = await parent.client.report(
    { rows: first, demand: isKnown ? { hash } : { hash, repositories } },
    signal,
  );
  if (answer.demand === 'send') await parent.client.report({ rows: [], demand: { hash, repositories } }, signal);
  for (let at = rowsAMessage; at < rows.length; at += rowsAMessage) {
    await parent.client.report({ rows: rows.slice(at, at + rowsAMessage), demand: { hash } }, signal);
  }
  parent.demandHash = hash;
  for (const row of rows) parent.reported.set(row.depot, withoutTimes(row));
}

/** How many rows have no more than so many bytes together, this depot's own in any case: those behind them go with the next poll. */
function fitting(rows: readonly ReportRow[], bytes: number): number {
  if (bytes === Infinity) return rows.length;
  let left = bytes;
  const over = rows.findIndex((row, at) => (left -= Buffer.byteLength(JSON.stringify(row)) + 1) < 0 && at > 0);
  return over < 0 ? rows.length : over;
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
