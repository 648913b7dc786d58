import { compareNumbered } from '../model/names.js';
import type { ReportRow } from '../model/report-row.js';
import type { DepotStatus } from '../model/status.js';

/** A depot in its place: `lead` draws the lines to its parent. */
export interface Branch {
  readonly lead: string;
  readonly row: ReportRow;
}

/** The depot that was asked, in the form that it would report itself in. */
export function rowOf(status: DepotStatus): ReportRow {
  return {
    depot: status.depot,
    site: status.site,
    parent: null,
    version: status.version,
    at: status.now,
    repositories: status.repositories.map(({ name, role, generation, newest, lag, error, holds, source, cycle }) => ({
      name,
      role,
      generation,
      newest,
      unitsComplete: lag === null || lag.generations > 0 ? 0 : 1,
      units: 1,
      bytesLeft: cycle === null ? 0 : cycle.wire.total - cycle.wire.done,
      held: holds.reduce((sum, { files }) => sum + files, source?.heldBackCount ?? 0),
      lagSeconds: lag?.seconds ?? 0,
      error: error?.message ?? null,
    })),
  };
}

/**
 * The rows below the first one, each after its parent, siblings by name. A row whose parent is not among them (it
 * reported under an address, or is not heard of), or that is its own ancestor by what rows claim, stands directly below
 * the first. With `only`, just those and what is above them.
 */
export function* treeOf(rows: readonly ReportRow[], only?: ReadonlySet<string>): Generator<Branch> {
  const [top, ...rest] = rows;
  if (top === undefined) return;
  const byName = new Map(rest.map((row) => [row.depot, row]));
  byName.delete(top.depot);
  const below = new Map<string, ReportRow[]>();
  const shown = new Set<string>();
  for (const row of byName.values()) {
    const line = ancestors(row, byName);
    const parent = line === undefined ? top.depot : (line[0] ?? top.depot);
    below.set(parent, below.get(parent) ?? []);
    below.get(parent)?.push(row);
    if (only?.has(row.depot) ?? true) for (const name of [row.depot, ...(line ?? []), top.depot]) shown.add(name);
  }
  if (only?.has(top.depot) ?? true) shown.add(top.depot);
  function* walk(row: ReportRow, lead: string, indent: string): Generator<Branch> {
    yield { lead, row };
    const children = (below.get(row.depot) ?? []).filter(({ depot }) => shown.has(depot));
    children.sort((a, b) => compareNumbered(a.depot, b.depot));
    for (const [at, child] of children.entries()) {
      const isLast = at === children.length - 1;
      yield* walk(child, `${indent}${isLast ? '└─ ' : '├─ '}`, `${indent}${isLast ? '   ' : '│  '}`);
    }
  }
  if (shown.has(top.depot)) yield* walk(top, '', '');
}

/** The depots above a row that reported themselves, nearest first; undefined where the row is among them. */
function ancestors(row: ReportRow, byName: ReadonlyMap<string, ReportRow>): string[] | undefined {
  const line: string[] = [];
  for (let above = byName.get(row.parent ?? ''); above !== undefined; above = byName.get(above.parent ?? '')) {
    if (above.depot === row.depot) return undefined;
    if (line.includes(above.depot)) return undefined;
    line.push(above.depot);
  }
  return line;
}
