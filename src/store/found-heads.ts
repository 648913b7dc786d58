import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DepotError } from '../model/errors.js';
import { parseHead, type HeadFile } from '../model/head.js';
import { isName } from '../model/names.js';
import { setAside } from './quarantine.js';
import type { Store } from './store.js';

/**
 * Enters the heads whose files are there and whose rows are not: files are written first, and outlive the catalogue.
 * Files that are no head go to quarantine.
 */
export function enterFoundHeads(store: Store): void {
  const { layout, heads } = store;
  for (const repository of readdirSync(layout.metadata).filter(isName)) {
    const known = new Set(heads.list(repository).map(({ head }) => `${head.generation}.targets.json`));
    const found = readdirSync(layout.metadataOf(repository))
      .filter((name) => name.endsWith('.targets.json') && !known.has(name))
      .flatMap((name) => readHead(store, repository, name));
    for (const file of found.sort(byPublication)) {
      const newest = heads.newest(repository);
      if (newest === undefined || newest.head.epoch === file.head.epoch) heads.enter(file);
      // Of the line that `startOver` was about to remove.
      else heads.remove(repository, file.head.generation);
    }
  }
}

/** The latest first. */
function byPublication(a: HeadFile, b: HeadFile): number {
  return Date.parse(b.head.publishedAt) - Date.parse(a.head.publishedAt);
}

function readHead(store: Store, repository: string, name: string): HeadFile[] {
  const path = join(store.layout.metadataOf(repository), name);
  try {
    const file = parseHead(readFileSync(path));
    if (file.head.repository === repository && name === `${file.head.generation}.targets.json`) return [file];
  } catch (error) {
    if (!(error instanceof DepotError)) throw error;
  }
  setAside(store.layout, path);
  return [];
}
