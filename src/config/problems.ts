import { DepotError } from '../model/errors.js';

/** Keys and list positions, from the top of the file down. */
export type Path = readonly (string | number)[];

/** Something wrong, before its place in the file is known. */
export interface Finding {
  readonly path: Path;
  /** Whether the key itself is at fault (unknown, out of place) or what stands behind it. */
  readonly at: 'key' | 'value';
  /** What was found, what is allowed, and what was probably meant. */
  readonly message: string;
}

/** Something wrong with its place. `line` and `column` count from 1; `path` as in `parent[0].url`, '' for the whole file. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/** No more problems than these are listed; a person corrects the first ones and looks again. */
export const maxProblems = 100;

/** All problems of one file. The message has one line a problem: `file:line:column: path: message`. */
export class ConfigError extends DepotError {
  constructor(
    readonly problems: readonly Problem[],
    hint: string,
    unlisted = 0,
  ) {
    const more = unlisted > 0 ? [`... and ${unlisted} more`] : [];
    super('config-invalid', [...problems.map(formatProblem), ...more].join('\n'), { hint, retry: 'never' });
  }
}

function formatProblem({ file, line, column, path, message }: Problem): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}

export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += `${text === '' ? '' : '.'}${/^[\w-][\w.-]{0,62}$/.test(step) ? step : quoted(step)}`;
  }
  return text;
}

/** A value of the file as messages show it: short, on one line, without credentials. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'a mapping (key: value)';
}

const longest = 60;

function quoted(text: string): string {
  const open = redacted(text);
  return escaped(JSON.stringify(open.length > longest ? `${open.slice(0, longest)}…` : open));
}

/** User, password and query of what looks like a URL are covered, before anything is cut off. */
function redacted(text: string): string {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\//.exec(text)?.[0] ?? '';
  const at = text.lastIndexOf('@');
  const open = at > text.indexOf(':') && text.includes(':') ? `${scheme}***@${text.slice(at + 1)}` : text;
  const query = scheme === '' ? -1 : open.indexOf('?');
  return query === -1 ? open : `${open.slice(0, query)}?***`;
}

/** Control characters and those that turn the reading direction, which JSON leaves as they are. */
function escaped(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
