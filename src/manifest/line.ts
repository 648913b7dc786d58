import type { Entry } from '../model/entry.js';
import { DepotError } from '../model/errors.js';
import { checkLinkTarget, checkStructure, quoted } from '../model/paths.js';
import { isSha256, type Sha256 } from '../model/sha256.js';

/** The latest time that JavaScript's dates and all file systems of interest can say, in milliseconds since 1970. */
export const maxMtimeMs = 8_640_000_000_000_000;

export function damaged(message: string): DepotError {
  return new DepotError('manifest-damaged', message, {
    hint: 'the manifest is asked for again at the next poll; if this stays, publish the repository anew at its master depot',
  });
}

/** @throws DepotError `path-refused` where no manifest may hold the path. */
export function requirePath(path: string): string {
  const flaw = checkStructure(path);
  if (flaw !== undefined) throw refused(`the path ${quoted(path)} ${flaw}`);
  return path;
}

function requireTarget(path: string, target: string): string {
  const flaw = checkLinkTarget(path, target);
  if (flaw !== undefined) throw refused(`the target ${quoted(target)} of the link ${quoted(path)} ${flaw}`);
  return target;
}

function refused(message: string): DepotError {
  return new DepotError('path-refused', message, {
    hint: 'rename it where the repository is published',
    retry: 'never',
  });
}

/**
 * The line of an entry with its end (README, 2).
 * @throws DepotError `path-refused`, or `manifest-damaged` where a field is out of its range.
 */
export function entryLine(entry: Entry): string {
  const path = requirePath(entry.path);
  switch (entry.type) {
    case 'file':
      if (!isSha256(entry.object)) throw damaged(`the object of ${quoted(path)} is not named by a SHA-256`);
      requireRange(entry.size, Number.MAX_SAFE_INTEGER, 'size', path);
      requireRange(entry.mtimeMs, maxMtimeMs, 'time', path);
      return `${entry.executable ? 'x' : 'f'}\t${entry.object}\t${entry.size}\t${entry.mtimeMs}\t${path}\n`;
    case 'link':
      return `l\t${requireTarget(path, entry.target)}\t${path}\n`;
    case 'folder':
      return `d\t${path}\n`;
  }
}

function requireRange(value: number, max: number, what: string, path: string): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) {
    throw damaged(`the ${what} of ${quoted(path)} is ${value}, not a whole number from 0 to ${max}`);
  }
}

/**
 * The entry of a line without its end, which is as `entryLine` writes it and in no other way.
 * @throws DepotError `path-refused` or `manifest-damaged`.
 */
export function parseEntry(line: string): Entry {
  const fields = line.split('\t');
  const [kind, first = '', second = '', third = '', fourth = ''] = fields;
  if ((kind === 'f' || kind === 'x') && fields.length === 5) {
    return {
      type: 'file',
      path: requirePath(fourth),
      object: parseHash(first),
      size: parseCount(second),
      mtimeMs: parseCount(third, maxMtimeMs),
      executable: kind === 'x',
    };
  }
  if (kind === 'l' && fields.length === 3) {
    const path = requirePath(second);
    return { type: 'link', path, target: requireTarget(path, first) };
  }
  if (kind === 'd' && fields.length === 2) return { type: 'folder', path: requirePath(first) };
  throw damaged(`${quoted(line)} is no entry`);
}

/** The entry of a line that `parseEntry` has accepted before. */
export function readEntry(line: string): Entry {
  const [kind, first = '', second = '', third = '', fourth = ''] = line.split('\t');
  if (kind === 'd') return { type: 'folder', path: first };
  if (kind === 'l') return { type: 'link', path: second, target: first };
  const [size, mtimeMs] = [Number(second), Number(third)];
  return { type: 'file', path: fourth, object: first as Sha256, size, mtimeMs, executable: kind === 'x' };
}

export function parseHash(text: string): Sha256 {
  if (!isSha256(text)) throw damaged(`${quoted(text)} is not a SHA-256`);
  return text;
}

/** A whole number from 0 to `max` in its only form: decimal digits without leading zeros. */
export function parseCount(text: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || value > max || String(value) !== text) {
    throw damaged(`${quoted(text)} is not a whole number from 0 to ${max}`);
  }
  return value;
}
