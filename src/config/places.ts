import type { ConfigDocument } from './document.js';
import type { Path } from './problems.js';

/** Where a key stands in a file. Both count from 1. */
export interface FilePlace {
  readonly line: number;
  readonly column: number;
}

/** Where the key of a path stands; undefined where the file does not have it, and a default counts. */
export type Places = (path: Path) => FilePlace | undefined;

export function placesOf(text: string, document: ConfigDocument): Places {
  return (path) => (isThere(document.value, path) ? placeAt(text, document.place(path).key) : undefined);
}

/** @param offset into the text, in UTF-16 units */
export function placeAt(text: string, offset: number): FilePlace {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

function isThere(value: unknown, path: Path): boolean {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return false;
    found = (found as Record<string | number, unknown>)[step];
  }
  return true;
}
