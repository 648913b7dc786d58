import type { Entry } from '../model/entry.js';
import type { Sha256 } from '../model/sha256.js';
import { sha256 } from '../model/sha256.js';
import { buildManifest } from './build.js';
import type { ManifestRoot, ReadPage } from './page.js';
import { readEntries } from './read.js';
import type { PageRef } from './page.js';

/** A folder of a manifest as a manifest of its own, paths beginning inside it. Its pages are in memory only. */
export interface Subfolder {
  readonly root: ManifestRoot;
  /** Reads pages of subfolders that were made with the same `pages`. */
  readonly read: ReadPage;
}

export function subfolder(root: PageRef, folder: string, read: ReadPage, pages = new Map<Sha256, string>()): Subfolder {
  function* entries(): Generator<Entry> {
    for (const entry of readEntries(root, read, { under: folder })) {
      yield { ...entry, path: entry.path.slice(folder.length + 1) };
    }
  }
  const made = buildManifest(entries(), (text) => {
    const ref = { sha256: sha256(text), length: Buffer.byteLength(text) };
    pages.set(ref.sha256, text);
    return ref;
  });
  return { root: made, read: (ref) => pages.get(ref.sha256) ?? read(ref) };
}
