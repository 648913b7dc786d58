import type picocolors from 'picocolors';
import { ago, count, plural, roughSpan, safe, size, until } from '../../src/cli/words.js';
import type { CycleProgress } from '../../src/model/cycle-status.js';
import type { Mark, Standing } from './standings.js';

export interface Look {
  /** In characters. */
  readonly width: number;
  readonly colours: ReturnType<typeof picocolors.createColors>;
}

interface Column {
  readonly head: string;
  readonly width: number;
  readonly align?: 'right';
  readonly cell: (standing: Standing, nowMs: number) => string;
}

/** All but the last, which takes the rest of the line; of a fixed width, so that nothing jumps while numbers change. */
const columns: readonly Column[] = [
  { head: 'DEPOT', width: 12, cell: ({ place }) => place.lead + place.name },
  { head: 'GEN', width: 3, align: 'right', cell: ({ generation }) => (generation === null ? '-' : String(generation)) },
  { head: 'FILES', width: 5, align: 'right', cell: ({ files }) => (files === null ? '-' : count(files)) },
  { head: 'SIZE', width: 7, align: 'right', cell: ({ bytes }) => (bytes === null ? '-' : size(bytes)) },
  { head: 'LAG', width: 8, cell: lagCell },
  { head: 'POLLED', width: 8, cell: polledCell },
];

/** The tree of depots, a line each below the heads. */
export function table(all: readonly Standing[], { width, colours }: Look, nowMs: number): string[] {
  const rest = width - columns.reduce((sum, column) => sum + column.width + 2, 0);
  const heads = columns.map((column) => pad(column.head, column));
  return [
    colours.dim([...heads, 'STATE'].join('  ')),
    ...all.map((standing) => {
      const cells = columns.map((column) => pad(column.cell(standing, nowMs), column)).join('  ');
      const { lead, name } = standing.place;
      const named =
        colours.dim(lead) + (isLate(standing) ? name : colours.bold(name)) + cells.slice(lead.length + name.length);
      return `${named}  ${stateCell(standing, { width: rest, colours }, nowMs)}`.trimEnd();
    }),
  ];
}

function isLate({ lag }: Standing): boolean {
  return lag !== null && lag.generations > 0;
}

function pad(text: string, { width, align }: Column): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

function lagCell({ place, lag }: Standing): string {
  if (place.level === 'origin' || lag === null) return '-';
  return lag.generations === 0 ? 'none' : `-${lag.generations}, ${roughSpan(lag.seconds * 1000)}`;
}

function polledCell({ place, polledAtMs }: Standing, nowMs: number): string {
  if (place.level === 'origin') return '-';
  return polledAtMs === null ? 'never' : ago(iso(polledAtMs), nowMs);
}

type Paint = (text: string) => string;

/** The mark and the word for it; what follows is told as far as there is room. */
function stateCell(standing: Standing, { width, colours }: Look, nowMs: number): string {
  const { mark, nextPollAtMs, publishedAtMs, cycle, held, error } = standing;
  const next = nextPollAtMs === null ? '' : `polls ${until(iso(nextPollAtMs), nowMs)}`;
  const published = publishedAtMs === null ? '' : ago(iso(publishedAtMs), nowMs);
  const cells: Readonly<Record<Mark, () => string>> = {
    starting: () => colours.dim('· starting'),
    down: () => colours.red('✗ down'),
    unpublished: () => colours.yellow('○ nothing published'),
    scanning: () => colours.cyan('▲ scans its source'),
    published: () => `${colours.green('●')} published ${published}`,
    comparing: () => colours.cyan('▼ compares'),
    fetching: () => (cycle === null ? '' : fetching(cycle, { width, colours })),
    applying: () => colours.cyan('▼ applies'),
    failed: () => colours.red(safe(`! ${error}`).slice(0, width)),
    behind: () => withMore(colours.yellow, '○ behind', next, colours.dim),
    held: () => withMore(colours.magenta, `◆ holds ${plural(held, 'deletion')}`, '', colours.dim),
    current: () => withMore(colours.green, '● current', next, colours.dim),
  };
  return cells[mark]();
}

function withMore(paint: Paint, word: string, more: string, dim: Paint): string {
  return more === '' ? paint(word) : `${paint(word)}${dim(`, ${more}`)}`;
}

const word = '▼ fetching';

/** With a bar as long as there is room for, and figures where there is room for them too. */
function fetching({ files, bytes, bytesPerSecond }: CycleProgress, { width, colours }: Look): string {
  const [done, total] = bytes.total > 0 ? [bytes.done, bytes.total] : [files.done, files.total];
  const share = total === 0 ? 0 : Math.min(1, done / total);
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
  const rate = bytesPerSecond === null ? '' : `, ${size(bytesPerSecond)}/s`;
  const figures = `  ${size(bytes.done)} of ${size(bytes.total)}${rate}`;
  const room = width - word.length - percent.length - 3;
  const barWidth = Math.max(4, Math.min(20, room));
  const full = Math.round(share * barWidth);
  const bar = colours.cyan('█'.repeat(full)) + colours.dim('░'.repeat(barWidth - full));
  return `${colours.cyan(word)} ${bar} ${percent}${room - barWidth >= figures.length ? figures : ''}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
