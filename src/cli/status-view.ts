import type { ForecastStatus } from '../model/forecast-status.js';
import type { CyclePhase, CycleProgress } from '../model/cycle-status.js';
import type { LineStatus } from '../model/line-status.js';
import type { BelowTally } from '../model/report-state.js';
import type { DepotStatus, ParentStatus, RepositoryStatus } from '../model/status.js';
import { momentWords } from '../model/zone.js';
import { attention } from './attention.js';
import { columns, wrap, type Column } from './columns.js';
import type { Terminal } from './terminal.js';
import { givenWords } from './given-words.js';
import { doneWords } from './forecast-words.js';
import { lineWords } from './pace.js';
import { tallyWords } from './tree-view.js';
import { ago, count, plural, safe, size, span, until } from './words.js';

interface Look extends Pick<Terminal, 'colours' | 'width'> {
  /** Of the daemon. */
  readonly running: boolean;
  readonly line: LineStatus | null;
}

/** A depot at one glance: who it is, its parents, its repositories, what moves, and then only what needs a person. */
export function statusView(
  status: DepotStatus,
  { colours, width }: Pick<Terminal, 'colours' | 'width'>,
  allNames = false,
): string {
  const look: Look = { colours, width, running: status.running, line: status.line };
  const now = Date.parse(status.now);
  const blocks = [
    [...header(status, look, now)].flatMap((line) => wrap(line, look.width)),
    repositoryTable(status.repositories, look, now),
    [
      ...directoryLine(status, now),
      ...status.repositories.flatMap((repository) => [...transferLine(repository, look, now), ...heldLine(repository)]),
      ...unauthenticatedLine(status.repositories),
    ],
    attention(status, look.colours, now, allNames).flatMap((line) => wrap(line, look.width)),
  ];
  const text = blocks.filter((block) => block.length > 0).map((block) => block.join('\n'));
  return `${text.join('\n\n')}\n`;
}

function* header(status: DepotStatus, { colours }: Look, now: number): Generator<string> {
  const running =
    status.startedAt === null
      ? colours.yellow('not running, or it does not answer')
      : colours.green(`running for ${span(now - Date.parse(status.startedAt))}`);
  yield [colours.bold(status.depot), status.site, running, `depotd ${status.version}`].join('  ');
  const label = (text: string): string => colours.dim(text.padEnd(8));
  for (const [at, parent] of status.parents.entries()) {
    yield `${label(at === 0 ? 'parent' : '')}${parentLine(parent, now)}`;
  }
  if (status.line !== null && (status.line.rate !== 'unlimited' || status.line.ordered)) {
    yield `${label('line')}${lineWords(status.line, now)}`;
  }
  // A daemon that was not restarted after an upgrade says nothing of it.
  const { given = null } = status;
  if (given !== null) yield `${label('sites')}${givenWords(given)}`;
  if (status.listen !== null || status.children.length > 0) {
    const heard = status.children.map(({ depot, lastSeenAt }) => `${depot} (${ago(lastSeenAt, now)})`);
    const below = heard.length === 0 ? 'no depot below yet' : shortList(heard, 3);
    yield `${label('serves')}${status.listen === null ? '' : `${address(status.listen)}  `}${below}`;
  }
  if (status.tally.depots > 0) yield `${label('below')}${belowWords(status.tally, colours)}`;
}

function parentLine({ url, depot, answers, at, error }: ParentStatus, now: number): string {
  const name = depot === null ? address(url) : `${address(url)}  ${safe(depot)}`;
  if (answers === 'yes') return at === null ? `${name} answers` : `${name}  answered ${ago(at, now)}`;
  if (error?.code === 'parent-answer') return `${name}  answers, but not as a depot`;
  if (answers === 'no') return at === null ? `${name}  does not answer` : `${name}  did not answer ${ago(at, now)}`;
  return `${name}  not asked yet`;
}

function belowWords(tally: BelowTally, colours: Terminal['colours']): string {
  const words = tallyWords(tally);
  if (tally.current === tally.depots) return words;
  return `${colours.yellow(words)}  ${colours.dim('depot status --late')}`;
}

/** Over plain HTTP nobody shows who he is. */
function address(url: string): string {
  return url.startsWith('http:') ? `${url} (unauthenticated)` : url;
}

function shortList(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(', ');
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

interface Cell extends Column {
  readonly cell: (repository: RepositoryStatus, look: Look, now: number) => string;
}

const cells: readonly Cell[] = [
  { head: 'REPOSITORY', cell: ({ name }, { colours }) => colours.bold(name) },
  { head: 'ROLE', cell: ({ role }) => role },
  { head: 'GENERATION', align: 'right', cell: ({ generation }) => (generation === null ? '-' : String(generation)) },
  { head: 'STATE', cell: stateWords },
  { head: 'FILES', align: 'right', cell: ({ files }) => (files === null ? '-' : count(files)) },
  { head: 'SIZE', align: 'right', cell: ({ bytes }) => (bytes === null ? '-' : size(bytes)) },
  { head: 'POLLED', cell: (repository, _look, now) => lastLooked(repository, now) },
  { head: 'NEXT', cell: (repository, _look, now) => nextLook(repository, now) },
];

/** What gives way, in this order, where the terminal is too narrow. */
const dispensable = ['ROLE', 'NEXT', 'POLLED', 'FILES'];

function repositoryTable(repositories: readonly RepositoryStatus[], look: Look, now: number): string[] {
  if (repositories.length === 0) return [look.colours.dim('no repositories yet')];
  const rows = repositories.map(
    (repository) => new Map(cells.map(({ head, cell }) => [head, cell(repository, look, now)])),
  );
  for (let without = 0; ; without += 1) {
    const shown = cells.filter(({ head }) => !dispensable.slice(0, without).includes(head));
    const picked = rows.map((row) => shown.map(({ head }) => row.get(head) ?? ''));
    const table = columns(shown, picked, look.colours.dim);
    if (table.width <= look.width || without === dispensable.length) return table.lines;
  }
}

/** How far behind, in words. */
function stateWords(repository: RepositoryStatus, { colours, running }: Look, now: number): string {
  const { role, generation, publishedAt, lag, source, error, cycle, holds } = repository;
  if (role === 'master') {
    if (source?.refused != null || error !== null) return colours.red('not published');
    if (generation === null || publishedAt === null) return colours.yellow('nothing published');
    return `published ${ago(publishedAt, now)}`;
  }
  if (generation === null) return colours.yellow(cycle === null ? 'not here yet' : 'first copy');
  if (lag !== null && lag.generations > 0) {
    const behind = `${count(lag.generations)} behind, ${span(lag.seconds * 1000)}`;
    return error === null ? colours.yellow(behind) : colours.red(behind);
  }
  if (error !== null || !running) return colours.yellow('current when last polled');
  return holds.length > 0 ? colours.yellow('current, but for what is held') : colours.green('current');
}

function lastLooked({ poll, source, role }: RepositoryStatus, now: number): string {
  if (role === 'master') {
    if (source === null) return '';
    if (source.scanning) return 'scanning';
    return source.lastScanAt === null ? '' : `scan ${ago(source.lastScanAt, now)}`;
  }
  if (poll?.lastAt == null) return 'never';
  const last = ago(poll.lastAt, now);
  return poll.lastOutcome === 'failed' ? `failed ${last}` : last;
}

function nextLook({ poll, source, role }: RepositoryStatus, now: number): string {
  if (role !== 'master') return poll?.nextAt == null ? '' : until(poll.nextAt, now);
  if (source === null) return '';
  if (source.mode === 'watched') return 'watched';
  return source.nextScanAt === null ? source.mode : until(source.nextScanAt, now);
}

const phaseWords: Readonly<Record<CyclePhase, string>> = {
  poll: 'asks the parent',
  head: 'checks the head',
  diff: 'compares',
  plan: 'plans',
  fetch: 'fetches',
  apply: 'applies',
  report: 'reports',
};

/** Below this width of the terminal the bar is half as long, and what is the most is not told apart. */
const roomyWidth = 100;

/** Before the directory nothing new is taken over: who is revoked is known by it. */
function directoryLine({ directory, line }: DepotStatus, now: number): string[] {
  if (directory?.waitsForWindow !== true) return [];
  return [`the company's directory waits for the window${opensWords(line, now)}; until then nothing new is taken over`];
}

function opensWords(line: LineStatus | null, now: number): string {
  return line?.opensAt == null ? '' : `, opens ${momentWords(line.timezone, Date.parse(line.opensAt), now)}`;
}

/** What a repository is doing or waits for, and a source that is too large to be watched. */
function transferLine(
  { name, cycle, newest, waitingFor, waitsForWindow, urgent, forecast, source, poll }: RepositoryStatus,
  { colours, width, line }: Look,
  now: number,
): string[] {
  if (source?.mode === 'rescanned')
    return [`${name} is rescanned, not watched${source.modeReason === null ? '' : `: ${safe(source.modeReason)}`}`];
  if (cycle === null && waitsForWindow) {
    return [
      `${name} waits for the window${opensWords(line, now)}${urgentWords(urgent)}${doneLater(forecast, line, now)}`,
    ];
  }
  if (cycle === null && poll?.content != null) {
    const { at, revisions, bytes } = poll.content;
    const what = `${plural(revisions, 'revision')}, ${size(bytes)} of files`;
    return [`${name}: ${what}, fetched ${until(at, now)} (poll.content); at once: depot poll ${name}`];
  }
  if (cycle === null && waitingFor !== null)
    return [`${name} waits for ${safe(waitingFor)} to complete generation ${newest}${urgentWords(urgent)}`];
  if (cycle === null) return urgent.length === 0 ? [] : [`${name} lacks${urgentWords(urgent).slice(1)}`];
  const which = cycle.generation === null ? '' : ` ${cycle.generation}`;
  const what = `${name} ${phaseWords[cycle.phase]}${which}${cycle.urgent ? `, urgent: ${shortList(urgent, 3)}` : ''}`;
  if (cycle.phase !== 'fetch' && cycle.phase !== 'apply') return [what];
  const isRoomy = width >= roomyWidth;
  const words = [what, bar(cycle, isRoomy ? 20 : 10, colours), ...progressWords(cycle, isRoomy)];
  // What is left of this batch alone is no answer where the line changes before the end.
  const isSteady = forecast === null || forecast.legs.length < 2;
  return [isSteady ? words.join('  ') : `${words.join('  ')}${doneLater(forecast, line, now)}`];
}

/** `, urgent: vlc/3` */
function urgentWords(urgent: readonly string[]): string {
  return urgent.length === 0 ? '' : `, urgent: ${shortList(urgent, 3)}`;
}

/** When it will all be here. */
function doneLater(forecast: ForecastStatus | null, line: LineStatus | null, now: number): string {
  return forecast === null || line === null ? '' : `; ${doneWords(forecast, line.timezone, now)}`;
}

/** Files that stand in the installation copy without being counted: the generation has them no more. */
function heldLine({ name, holds }: RepositoryStatus): string[] {
  const files = holds.reduce((sum, hold) => sum + (hold.kind === 'deletions' ? hold.files : 0), 0);
  return files === 0 ? [] : [`${name}: ${plural(files, 'file')} more ${files === 1 ? 'is' : 'are'} held`];
}

/** On plain HTTP nobody vouches for the keys that a repository was first met with. */
function unauthenticatedLine(repositories: readonly RepositoryStatus[]): string[] {
  const names = repositories.filter(({ trust }) => !trust.authenticated).map(({ name }) => name);
  return names.length === 0 ? [] : [`unauthenticated: ${shortList(names, 5)}`];
}

function bar({ files, wire }: CycleProgress, barWidth: number, colours: Look['colours']): string {
  const { done, total } = wire.total > 0 ? wire : files;
  const share = total === 0 ? 0 : Math.min(1, done / total);
  const full = Math.floor(share * barWidth);
  return `${colours.cyan('█'.repeat(full))}${colours.dim('░'.repeat(barWidth - full))} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

function* progressWords(
  { files, wire, bytesPerSecond, etaSeconds, quietSeconds }: CycleProgress,
  isRoomy: boolean,
): Generator<string> {
  if (wire.total > 0) yield `${size(wire.done)} of ${wire.exact || !isRoomy ? '' : 'at most '}${size(wire.total)}`;
  else yield `${count(files.done)} of ${plural(files.total, 'file')}`;
  if (quietSeconds !== undefined) yield `nothing for ${span(quietSeconds * 1000)}`;
  else if (bytesPerSecond !== null) yield `${size(bytesPerSecond)}/s`;
  if (etaSeconds !== null) yield `${span(etaSeconds * 1000)} left`;
}
