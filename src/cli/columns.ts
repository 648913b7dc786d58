import { stripVTControlCharacters } from 'node:util';

export interface Column {
  readonly head: string;
  readonly align?: 'right';
}

export interface Table {
  /** Of the widest line. */
  readonly width: number;
  readonly lines: string[];
}

const gap = '  ';

/**
 * Rows below their heads, in columns as wide as their widest cell. Cells may be coloured. What may hold wide characters
 * (a path) belongs in the last column, which is not padded.
 */
export function columns(
  heads: readonly Column[],
  rows: readonly (readonly string[])[],
  dim: (text: string) => string,
): Table {
  const titles = heads.map(({ head }) => head);
  const widths = titles.map((title, at) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), title.length),
  );
  const line = (row: readonly string[]): string =>
    heads
      .map(({ align }, at) => pad(row[at] ?? '', widths[at] ?? 0, align))
      .join(gap)
      .trimEnd();
  const all = [titles, ...rows].map(line);
  return {
    width: widths.reduce((sum, width) => sum + width, gap.length * (heads.length - 1)),
    lines: all.map((text, at) => (at === 0 ? dim(text) : text)),
  };
}

/** The line as it is, or broken between words where it is wider than `width`; what follows is indented by two more. */
export function wrap(line: string, width: number): string[] {
  if (widthOf(line) <= width) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  const [first = '', ...words] = line.slice(indent.length).split(' ');
  const lines: string[] = [];
  let current = indent + first;
  for (const word of words) {
    if (widthOf(current) + 1 + widthOf(word) <= width) {
      current += ` ${word}`;
    } else {
      lines.push(current);
      current = `${indent}  ${word}`;
    }
  }
  return [...lines, current];
}

function pad(cell: string, to: number, align: 'right' | undefined): string {
  const space = ' '.repeat(Math.max(0, to - widthOf(cell)));
  return align === 'right' ? space + cell : cell + space;
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
