import type { DepotStatus, ReportRepository, ReportRow } from '../model/status.js';
import { columns, wrap, type Table } from './columns.js';
import { rowOf, stateOf, treeOf, type Branch } from './tree-order.js';
import type { Terminal } from './terminal.js';
import { ago, count, plural, roughSpan, safe } from './words.js';

type Look = Pick<Terminal, 'colours' | 'width'>;

const mostErrors = 20;

/**
 * All depots below, each under its parent: for every repository its generation and, where it is behind, by how much.
 * Repositories that do not fit the width are summed up in one column. `lateOnly`: the depots that need a look, and
 * those above them.
 */
export function treeView(status: DepotStatus, look: Look, lateOnly: boolean): string {
  const now = Date.parse(status.now);
  const all = [rowOf(status), ...(status.below ?? [])];
  const late = all.filter((row) => stateOf(row, now) !== 'current');
  const branches = [...treeOf(all, lateOnly ? new Set(late.map(({ depot }) => depot)) : undefined)];
  const names = [...new Set(all.flatMap(({ repositories }) => repositories.map(({ name }) => name)))].sort();
  const table = branches.length === 0 ? [] : [...fitting(branches, names, look, now).lines, ''];
  const words = [...summary(all, late, now), ...errors(late, look)].flatMap((line) => wrap(line, look.width));
  return `${[...table, ...words].join('\n')}\n`;
}

function fitting(branches: readonly Branch[], names: readonly string[], look: Look, now: number): Table {
  for (let shown = names.length; ; shown -= 1) {
    const table = draw(branches, names.slice(0, shown), names.slice(shown), look, now);
    if (table.width <= look.width || shown === 0) return table;
  }
}

function draw(
  branches: readonly Branch[],
  shown: readonly string[],
  others: readonly string[],
  { colours }: Look,
  now: number,
): Table {
  const heads = ['DEPOT', 'HEARD OF', ...shown, ...(others.length === 0 ? [] : [`${others.length} MORE`])];
  const rows = branches.map(({ lead, row }) => {
    const cell = (name: string): string =>
      cellOf(
        row.repositories.find((repository) => repository.name === name),
        colours,
      );
    const rest = row.repositories.filter(({ name }) => others.includes(name));
    const heard = stateOf(row, now) === 'silent' ? colours.red(ago(row.at, now)) : ago(row.at, now);
    return [
      colours.dim(lead) + row.depot,
      heard,
      ...shown.map(cell),
      ...(others.length === 0 ? [] : [worst(rest, colours)]),
    ];
  });
  return columns(
    heads.map((head) => ({ head })),
    rows,
    colours.dim,
  );
}

/** `42`; `40 (-2, 3 h)` where it is behind; `!` marks an error, `held` what waits for a person. */
function cellOf(repository: ReportRepository | undefined, colours: Look['colours']): string {
  if (repository === undefined) return colours.dim('·');
  const { generation, error, held, lagSeconds } = repository;
  const behind = behindOf(repository);
  const marks = [generation === null ? 'none' : String(generation)];
  if (behind > 0 && generation !== null) marks.push(`(-${count(behind)}, ${roughSpan(lagSeconds * 1000)})`);
  if (held > 0) marks.push(`held ${count(held)}`);
  if (error !== null) marks.push('!');
  const text = marks.join(' ');
  if (error !== null) return colours.red(text);
  return behind > 0 || held > 0 || generation === null ? colours.yellow(text) : colours.green(text);
}

function behindOf({ generation, newest }: ReportRepository): number {
  return newest === null ? 0 : Math.max(0, newest - (generation ?? 0));
}

function worst(repositories: readonly ReportRepository[], colours: Look['colours']): string {
  const failed = repositories.filter(({ error }) => error !== null).length;
  if (failed > 0) return colours.red(`${failed} !`);
  const behind = repositories.filter((repository) => behindOf(repository) > 0).length;
  return behind > 0 ? colours.yellow(`${behind} behind`) : colours.green('current');
}

function* summary(all: readonly ReportRow[], late: readonly ReportRow[], now: number): Generator<string> {
  const silent = late.filter((row) => stateOf(row, now) === 'silent').length;
  const words = [`${plural(all.length, 'depot')}: ${count(all.length - late.length)} current`];
  if (late.length > silent) words.push(`${count(late.length - silent)} to look at`);
  if (silent > 0) words.push(`${count(silent)} not heard of for a day`);
  yield words.join(', ');
}

function* errors(late: readonly ReportRow[], { colours }: Look): Generator<string> {
  const lines = late.flatMap(({ depot, repositories }) =>
    repositories.flatMap(({ name, error }) =>
      error === null ? [] : [`${colours.red('!')} ${depot}, ${name}: ${safe(error)}`],
    ),
  );
  yield* lines.slice(0, mostErrors);
  if (lines.length > mostErrors) yield `  and ${lines.length - mostErrors} more: depot status --tree --json`;
}
