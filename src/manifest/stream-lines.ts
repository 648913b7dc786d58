import { quoted } from '../model/paths.js';
import type { Edit } from './edit.js';
import { damaged, entryLine, maxMtimeMs, parseCount, parseEntry, requirePath } from './line.js';

/** What a line of a difference stream says (README, 5.2). */
export type DifferenceLine =
  | Edit
  /** All entries in the folder are gone. */
  | { readonly deleteFolder: string }
  /** The folder `copyTo` is new, and holds what the older manifest has in `from`, but for what the next lines say. */
  | { readonly copyTo: string; readonly from: string };

/** Where a line stands among the others: the path it is about, with a slash behind a folder. */
export function keyOf(line: DifferenceLine): string {
  if ('put' in line) return line.put.path;
  if ('delete' in line) return line.delete;
  if ('touch' in line) return line.touch;
  return `${'copyTo' in line ? line.copyTo : line.deleteFolder}/`;
}

/** With its end. @throws DepotError `path-refused` or `manifest-damaged` */
export function formatLine(line: DifferenceLine): string {
  if ('put' in line) return `+${entryLine(line.put)}`;
  if ('delete' in line) return `-\t${requirePath(line.delete)}\n`;
  if ('touch' in line) return `=${line.executable ? 'x' : 'f'}\t${line.mtimeMs}\t${requirePath(line.touch)}\n`;
  if ('copyTo' in line) return `&\t${requirePath(line.from)}\t${requirePath(line.copyTo)}\n`;
  return `-/\t${requirePath(line.deleteFolder)}\n`;
}

/** Of a line without its end. @throws DepotError `path-refused` or `manifest-damaged` */
export function parseLine(line: string): DifferenceLine {
  if (line.startsWith('+')) return { put: parseEntry(line.slice(1)) };
  const [kind, ...fields] = line.split('\t');
  const [first = '', second = ''] = fields;
  if (kind === '-' && fields.length === 1) return { delete: requirePath(first) };
  if (kind === '-/' && fields.length === 1) return { deleteFolder: requirePath(first) };
  if (kind === '&' && fields.length === 2) return { from: requirePath(first), copyTo: requirePath(second) };
  if ((kind === '=f' || kind === '=x') && fields.length === 2) {
    return { touch: requirePath(second), mtimeMs: parseCount(first, maxMtimeMs), executable: kind === '=x' };
  }
  throw damaged(`${quoted(line)} is no line of a difference`);
}
