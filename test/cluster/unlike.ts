import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { differences } from '../harness/tree.js';

/**
 * What a person would find different between a source and a copy of it: `diff -r` (content, links, folders), and of each
 * file the time of its last change to the millisecond and whether it is executable. Empty where they are equal.
 */
export async function unlike(source: string, copy: string): Promise<string[]> {
  const found = (await differences(source, copy)).split('\n').filter((line) => line !== '');
  if (found.length > 0) return found;
  for await (const path of filesBelow(source, '')) {
    const [wanted, seen] = await Promise.all([looks(join(source, path)), looks(join(copy, path))]);
    if (wanted !== seen) found.push(`${path} is ${seen} instead of ${wanted}`);
  }
  return found;
}

async function looks(path: string): Promise<string> {
  const { mode, mtimeNs } = await lstat(path, { bigint: true });
  return `${(mode & 0o111n) === 0n ? 'plain' : 'executable'}, changed ${mtimeNs / 1_000_000n} ms`;
}

async function* filesBelow(root: string, folder: string): AsyncGenerator<string> {
  for await (const entry of await opendir(join(root, folder))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(root, path);
    else if (entry.isFile()) yield path;
  }
}
