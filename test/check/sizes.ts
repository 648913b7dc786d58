import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import ts from 'typescript';

/** One line about the length of the files below a folder: for reading, not for judging. */
export function sizes(root: string, folder: string): string {
  const files = ts.sys
    .readDirectory(`${root}/${folder}`, ['.ts'])
    .map((path) => ({ path: relative(root, path), lines: readFileSync(path, 'utf8').split('\n').length - 1 }))
    .sort((a, b) => a.lines - b.lines);
  const longest = files.at(-1);
  if (longest === undefined) return `${folder}: no files`;
  const at = (share: number): number => files[Math.floor(share * (files.length - 1))]?.lines ?? 0;
  const total = files.reduce((sum, { lines }) => sum + lines, 0);
  return `${folder}: ${files.length} files, ${total} lines; median ${at(0.5)}, p90 ${at(0.9)}, max ${longest.lines} (${longest.path})`;
}
