import { writeFileSync } from 'node:fs';
import { buildManifest } from '../../src/manifest/build.js';
import type { ManifestRoot } from '../../src/manifest/page.js';
import { comparePaths, type Entry } from '../../src/model/entry.js';
import { everything } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import { inlineJobs } from '../../src/store/job.js';
import type { Store } from '../../src/store/store.js';
import { applyTree, type ApplyInput, type ApplyResult } from '../../src/sync/apply-job.js';
import type { Tree } from '../harness/tree.js';

/** All files of a literal get this time, so that equal content is an equal entry. */
const mtimeMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

export const repository = 'tools';

/** Brings the content of a tree into the store, with a manifest of it. Texts only. */
export async function manifestOf(store: Store, literal: Tree): Promise<ManifestRoot> {
  const entries: Entry[] = [];
  for (const [key, node] of Object.entries(literal)) {
    const path = key.replace(/\/$/, '');
    if (typeof node === 'string') {
      entries.push(await fileEntry(store, path, node, false));
    } else if (node.type === 'executable' && typeof node.content === 'string') {
      entries.push(await fileEntry(store, path, node.content, true));
    } else if (node.type === 'link') {
      entries.push({ type: 'link', path, target: node.target });
    } else if (node.type === 'folder') {
      entries.push({ type: 'folder', path });
    }
  }
  entries.sort((a, b) => comparePaths(a.path, b.path));
  const root = buildManifest(entries, store.pages.write);
  await store.pages.flush();
  return root;
}

async function fileEntry(store: Store, path: string, text: string, executable: boolean): Promise<Entry> {
  const object = sha256(text);
  const size = Buffer.byteLength(text);
  if (!store.objects.has(object)) {
    const from = store.layout.stagingFile(object);
    writeFileSync(from, text);
    await store.objects.admit([{ sha256: object, size, mtimeMs, executable, from }]);
  }
  store.objects.enlist(repository, [object]);
  return { type: 'file', path, object, size, mtimeMs, executable };
}

/** Applies a literal as a generation. */
export async function applyLiteral(
  store: Store,
  generation: number,
  literal: Tree,
  changes: Partial<ApplyInput> = {},
): Promise<ApplyResult> {
  const root = await manifestOf(store, literal);
  const holdAbove = { files: null, percent: null };
  const input = { repository, generation, root, selection: everything, holdAbove, now: 0, prepared: null, ...changes };
  return inlineJobs(store)(applyTree, input);
}
