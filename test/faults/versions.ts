import { createHash } from 'node:crypto';
import { opendir, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exe, tree, type Tree } from '../harness/tree.js';

/** What a folder holds: by path, the hash of a file, or where a link points. */
export type Snapshot = ReadonlyMap<string, string>;

/** Files in each version whose content no other version has, and files that only move. */
const ownFiles = 150;
const movedFiles = 100;
const largeBytes = 2 * 1024 * 1024;

/**
 * Makes a source that number `version`: files of its own, a large one, some that are there in every second version only,
 * a folder that is renamed each time, and a file that becomes a folder and back.
 */
export async function putVersion(source: string, version: number): Promise<void> {
  const [here, gone] = version % 2 === 1 ? ['odd', 'even'] : ['even', 'odd'];
  const moved = join(source, `moved-${gone}`);
  await rename(moved, join(source, `moved-${here}`)).catch(() => tree(source, movedTo(`moved-${here}`)));
  await rm(join(source, gone), { recursive: true, force: true });
  await tree(source, {
    ...Object.fromEntries(numbers(ownFiles).map((number) => [`own/${number}`, `${version} ${number}`])),
    [`${here}/one`]: 'always the same',
    [`${here}/two`]: exe(`${version}`),
    ...(here === 'odd' ? { swap: `${version}` } : { 'swap/inside': `${version}`, 'swap/deeper/inside': 'the same' }),
  });
  await writeFile(join(source, 'large'), large(version));
}

function movedTo(folder: string): Tree {
  return Object.fromEntries(numbers(movedFiles).map((number) => [`${folder}/${number}`, `moved ${number}`]));
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

/** Bytes that look like chance, the same for the same version. */
function large(version: number): Buffer {
  const block = createHash('sha512').update(`${version}`).digest();
  const bytes = Buffer.alloc(largeBytes, block);
  for (let at = 0; at < bytes.length; at += 4096) bytes.writeUInt32LE(version * 65_536 + (at >> 12), at);
  return bytes;
}

export async function snapshot(folder: string): Promise<Snapshot> {
  const found: [string, string][] = [];
  await collect(folder, '', found);
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function collect(root: string, folder: string, found: [string, string][]): Promise<void> {
  for await (const entry of await opendir(join(root, folder))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await collect(root, path, found);
    else if (entry.isSymbolicLink()) found.push([path, `-> ${await readlink(join(root, path))}`]);
    else
      found.push([
        path,
        createHash('sha256')
          .update(await readFile(join(root, path)))
          .digest('hex'),
      ]);
  }
}

/** The table of what may stand in each file, kept in a file of its own for a reader. */
export class Allowed {
  private readonly hashes = new Map<string, Set<string>>();

  constructor(readonly file: string) {}

  async add(version: Snapshot): Promise<void> {
    for (const [path, hash] of version) this.hashes.set(path, (this.hashes.get(path) ?? new Set()).add(hash));
    const table = Object.fromEntries([...this.hashes].map(([path, set]) => [path, [...set]]));
    await writeFile(`${this.file}.new`, JSON.stringify(table));
    await rename(`${this.file}.new`, this.file);
  }
}
