/** What a number is of. `n`: a count. */
export type Unit = 'ms' | 'bytes' | 'n';

export interface Peers {
  readonly rsync?: number;
  readonly rsyncZ?: number;
}

/** What the bench found: a table, and which goals are met. Printed as Markdown. */
export class Report {
  private readonly rows: (readonly string[])[] = [];
  private readonly goals: string[] = [];
  missed = 0;

  /** A line of the table. The ratios are ours to theirs: below 1 we are better. */
  row(work: string, unit: Unit, ours: number, { rsync, rsyncZ }: Peers = {}): void {
    const theirs = (value: number | undefined): string => (value === undefined ? '' : show(unit, value));
    const ratio = (value: number | undefined): string =>
      value === undefined || value === 0 ? '' : `${(ours / value).toPrecision(2)}`;
    const line = [work, show(unit, ours), theirs(rsync), theirs(rsyncZ), ratio(rsync), ratio(rsyncZ)];
    this.rows.push(line);
    process.stderr.write(`  ${line.filter((cell) => cell !== '').join(' | ')}\n`);
  }

  goal(wanted: string, unit: Unit, found: number, isMet: boolean): void {
    if (!isMet) this.missed += 1;
    this.goals.push(`- ${isMet ? 'met' : 'NOT met'}: ${wanted}: ${show(unit, found)}`);
  }

  text(): string {
    const head = ['work', 'ours', 'rsync', 'rsync -z', 'ours / rsync', 'ours / rsync -z'];
    const all = [head, ...this.rows];
    const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0), 3));
    const line = (cells: readonly string[]): string =>
      `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
    const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
    const table = this.rows.length === 0 ? [] : [head, rule, ...this.rows].map(line);
    return [...table, '', ...this.goals, ''].join('\n');
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function show(unit: Unit, value: number): string {
  switch (unit) {
    case 'n':
      return String(value);
    case 'ms':
      return value < 10_000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${(value / 1000).toFixed(1)} s`;
    case 'bytes':
      if (value < 10_000) return `${value.toFixed(0)} B`;
      return value < 1e6 ? `${(value / 1000).toFixed(1)} kB` : `${(value / 1e6).toFixed(1)} MB`;
  }
}
