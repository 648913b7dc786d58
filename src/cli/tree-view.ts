import type { ReportRepository, ReportRow } from '../model/report-row.js';
import { behindOf, isLate, newestOf, stateOf, tallyOf, type BelowTally, type Newest } from '../model/report-state.js';
import type { DepotStatus } from '../model/status.js';
import { columns, wrap, type Table } from './columns.js';
import { rowOf, treeOf, type Branch } from './tree-order.js';
import type { Terminal } from './terminal.js';
import { ago, count, plural, roughSpan, safe } from './words.js';

interface Look extends Pick<Terminal, 'colours' | 'width'> {
  readonly now: number;
  readonly known: Newest;
}

const mostReasons = 20;

/**
 * All depots below, each under its parent: for every repository its generation and, where it is behind, by how much.
 * Repositories that do not fit the width are summed up in one column. `lateOnly`: the depots that need a look, and
 * those above them.
 */
export function treeView(
  status: DepotStatus,
  { colours, width }: Pick<Terminal, 'colours' | 'width'>,
  lateOnly: boolean,
): string {
  const look = { colours, width, now: Date.parse(status.now), known: newestOf(status.repositories) };
  const all = [rowOf(status), ...(status.below ?? [])];
  const late = all.filter((row) => stateOf(row, look.known, look.now) !== 'current');
  const branches = [...treeOf(all, lateOnly ? new Set(late.map(({ depot }) => depot)) : undefined)];
  const names = [...new Set(all.flatMap(({ repositories }) => repositories.map(({ name }) => name)))].sort();
  const { table, hidden } = fitting(branches, names, look);
  const words = [tallyWords(tallyOf(all, look.known, look.now)), ...reasons(late, hidden, look)].flatMap((line) =>
    wrap(line, look.width),
  );
  return `${[...(branches.length === 0 ? [] : [...table.lines, '']), ...words].join('\n')}\n`;
}

interface Fitting {
  readonly table: Table;
  /** Repositories that have no column of their own. */
  readonly hidden: readonly string[];
}

function fitting(branches: readonly Branch[], names: readonly string[], look: Look): Fitting {
  for (let shown = names.length; ; shown -= 1) {
    const hidden = names.slice(shown);
    const table = draw(branches, names.slice(0, shown), hidden, look);
    if (table.width <= look.width || shown === 0) return { table, hidden };
  }
}

function draw(branches: readonly Branch[], shown: readonly string[], others: readonly string[], look: Look): Table {
  const { colours, known, now } = look;
  const heads = ['DEPOT', 'HEARD OF', ...shown, ...(others.length === 0 ? [] : [`${others.length} MORE`])];
  const rows = branches.map(({ lead, row }) => {
    const cell = (name: string): string =>
      cellOf(
        row.repositories.find((repository) => repository.name === name),
        look,
      );
    const rest = row.repositories.filter(({ name }) => others.includes(name));
    const heard = stateOf(row, known, now) === 'silent' ? colours.red(ago(row.at, now)) : ago(row.at, now);
    return [
      colours.dim(lead) + row.depot,
      heard,
      ...shown.map(cell),
      ...(others.length === 0 ? [] : [worst(rest, look)]),
    ];
  });
  return columns(
    heads.map((head) => ({ head })),
    rows,
    colours.dim,
  );
}

function cellOf(repository: ReportRepository | undefined, look: Look): string {
  const { colours } = look;
  if (repository === undefined) return colours.dim('·');
  const text = figures(repository, look);
  if (repository.error !== null) return colours.red(text);
  return isLate(repository, look.known) ? colours.yellow(text) : colours.green(text);
}

/** `42`; `40 (-2, 3 h)` where it is behind; at a master names are held, elsewhere deletions; `!` marks an error. */
function figures(repository: ReportRepository, { known }: Look): string {
  const { role, generation, error, held, lagSeconds } = repository;
  const behind = behindOf(repository, known);
  const marks = [generation === null ? 'none' : String(generation)];
  if (behind > 0 && generation !== null) {
    // A depot that has not heard of the newest generation yet cannot say for how long it lacks it.
    marks.push(lagSeconds === 0 ? `(-${count(behind)})` : `(-${count(behind)}, ${roughSpan(lagSeconds * 1000)})`);
  }
  if (held > 0) marks.push(`held ${plural(held, role === 'master' ? 'name' : 'deletion')}`);
  if (error !== null) marks.push('!');
  return marks.join(' ');
}

function worst(repositories: readonly ReportRepository[], { colours, known }: Look): string {
  const failed = repositories.filter(({ error }) => error !== null).length;
  if (failed > 0) return colours.red(`${failed} !`);
  const late = repositories.filter((repository) => isLate(repository, known)).length;
  if (late > 0) return colours.yellow(`${late} late`);
  return repositories.length === 0 ? colours.dim('·') : colours.green('current');
}

/** Such as `12 depots: 9 current, 2 late (1 with an error), 1 not heard of for a day`. */
export function tallyWords({ depots, current, late, failed, silent }: BelowTally): string {
  const words = [`${plural(depots, 'depot')}: ${count(current)} current`];
  if (late > 0) words.push(`${count(late)} late${failed > 0 ? ` (${count(failed)} with an error)` : ''}`);
  if (silent > 0) words.push(`${count(silent)} not heard of for a day`);
  return words.join(', ');
}

/** Errors in full, and what is late in repositories that have no column of their own. */
function* reasons(late: readonly ReportRow[], hidden: readonly string[], look: Look): Generator<string> {
  const lines = late.flatMap(({ depot, repositories }) =>
    repositories.flatMap((repository) => {
      const { name, error } = repository;
      if (error !== null) return [`${look.colours.red('!')} ${depot}, ${name}: ${safe(error)}`];
      const isHidden = hidden.includes(name) && isLate(repository, look.known);
      return isHidden ? [`${look.colours.yellow('!')} ${depot}, ${name}: ${figures(repository, look)}`] : [];
    }),
  );
  yield* lines.slice(0, mostReasons);
  if (lines.length > mostReasons) yield `  and ${lines.length - mostReasons} more: depot status --tree --json`;
}
