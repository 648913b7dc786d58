import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parsePage } from '../manifest/page.js';
import { DepotError } from '../model/errors.js';
import { parseEncodingName } from '../model/encoding.js';
import type { Sha256 } from '../model/sha256.js';
import { fromBlob, pagedRows, toBlob } from './database.js';
import { isTemporary } from './durable.js';
import type { Live } from './gc-live.js';
import type { JobControl } from './job.js';
import { HashList, type HashedFiles } from './packed-hashes.js';
import { pageRestMs } from './pages.js';
import type { PrefixSet } from './prefix-set.js';
import type { Store } from './store.js';

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;

/** How long what nothing references stays after its last use: somebody may be about to reference it. */
export const objectRestMs = hourMs;
const temporaryRestMs = dayMs;
const partialRestMs = 7 * dayMs;
const quarantineRestMs = 30 * dayMs;

export interface StrayFiles {
  readonly files: number;
  readonly bytes: number;
  readonly paths: readonly string[];
}

/** Objects that nothing references, and that were not used lately. */
export function findObjects(store: Store, live: PrefixSet, nowMs: number, control: JobControl): HashedFiles {
  interface Row {
    readonly sha256: Buffer;
    readonly size: number;
  }
  const read = store.db.prepare<[Buffer, number, number], Row>(
    'SELECT sha256, size FROM objects WHERE sha256 > ? AND used_ms < ? ORDER BY sha256 LIMIT ?',
  );
  const rows = pagedRows<Row, Buffer>(
    (after, limit) => read.all(after ?? Buffer.alloc(0), nowMs - objectRestMs, limit),
    ({ sha256 }) => sha256,
  );
  const found = new HashList();
  for (const { sha256, size } of rows) {
    control.throwIfStopped();
    if (!live.has(fromBlob(sha256))) found.add(sha256, size);
  }
  return found.done();
}

/** Files in objects/ that no row knows: what a crash left. */
export function findLeftovers(store: Store, nowMs: number, control: JobControl): HashedFiles {
  const found = new HashList();
  for (const sha256 of store.objects.unknown()) {
    control.throwIfStopped();
    const stats = statSync(store.layout.objectFile(sha256), { throwIfNoEntry: false });
    if (stats !== undefined && stats.ctimeMs < nowMs - objectRestMs) found.add(toBlob(sha256), stats.size);
  }
  return found.done();
}

/** By level, the highest first, damaged ones before all: a page goes before those that it lists. */
export function findPages(store: Store, live: ReadonlySet<Sha256>, nowMs: number, control: JobControl): HashedFiles {
  const garbage: { page: Sha256; level: number; size: number }[] = [];
  for (const { page, mtimeMs, size } of store.pages.list()) {
    control.throwIfStopped();
    if (mtimeMs < nowMs - pageRestMs && !live.has(page)) garbage.push({ page, level: levelOf(store, page), size });
  }
  const found = new HashList();
  for (const { page, size } of garbage.sort((a, b) => b.level - a.level)) found.add(toBlob(page), size);
  return found.done();
}

function levelOf(store: Store, page: Sha256): number {
  const text = store.pages.inspect(page);
  if (text === undefined) return Infinity;
  try {
    return parsePage(text, { sha256: page, length: Buffer.byteLength(text) }).level;
  } catch (error) {
    if (error instanceof DepotError) return Infinity;
    throw error;
  }
}

/** Partial transfers, difference streams, quarantined and temporary files whose time is over. */
export function findStrays(store: Store, { roots, transfers }: Live, nowMs: number): StrayFiles {
  const { layout } = store;
  const hashFolders = [layout.objects, layout.pages, layout.metadata].flatMap(subfoldersOf);
  const isForLive = (name: string): boolean => name.split('.from.').every((root) => roots.has(root as Sha256));
  const isWanted = (name: string): boolean => transfers.has(name.slice(0, 64) as Sha256);
  const isOfHeld = (name: string): boolean => {
    const encoding = parseEncodingName(name);
    if (encoding === undefined || !store.objects.has(encoding.sha256)) return false;
    return encoding.base === null || store.objects.has(encoding.base);
  };
  const strays = [
    ...[layout.data, layout.differences, layout.encodings, ...hashFolders].flatMap((folder) =>
      listFiles(folder, nowMs - temporaryRestMs, isTemporary),
    ),
    ...listFiles(layout.differences, nowMs - hourMs, (name) => !isTemporary(name) && !isForLive(name)),
    ...listFiles(layout.encodings, nowMs - hourMs, (name) => !isTemporary(name) && !isOfHeld(name)),
    ...listFiles(layout.staging, nowMs - temporaryRestMs, (name) => name.endsWith('.tmp')),
    ...listFiles(layout.staging, nowMs - partialRestMs, (name) => name.endsWith('.part') && !isWanted(name)),
    ...listFiles(layout.quarantine, nowMs - quarantineRestMs),
  ];
  return {
    files: strays.length,
    bytes: strays.reduce((bytes, { size }) => bytes + size, 0),
    paths: strays.map(({ path }) => path),
  };
}

/** The files of a folder that were last changed, moved or linked before `beforeMs`. */
function listFiles(
  folder: string,
  beforeMs: number,
  wanted: (name: string) => boolean = () => true,
): { path: string; size: number }[] {
  return readdirSync(folder)
    .filter(wanted)
    .flatMap((name) => {
      const path = join(folder, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats?.isFile() !== true || stats.ctimeMs >= beforeMs) return [];
      return [{ path, size: stats.size }];
    });
}

function subfoldersOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));
}
