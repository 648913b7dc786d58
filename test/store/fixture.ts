import { writeFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import type { ManifestRoot } from '../../src/manifest/page.js';
import { comparePaths, type Entry } from '../../src/model/entry.js';
import type { HeadFile } from '../../src/model/head.js';
import { everything } from '../../src/model/selection.js';
import { sha256, type Sha256 } from '../../src/model/sha256.js';
import type { AdmittedObject } from '../../src/store/admission.js';
import { Store, type StoreOptions } from '../../src/store/store.js';
import { unsignedHead } from '../harness/heads.js';
import { temporaryFolder } from '../harness/temporary.js';

/** Whole seconds and a fraction that a double does not hold exactly. */
export const mtimeMs = Date.UTC(2024, 1, 29, 12, 34, 56, 789);

export async function temporaryStore(options: StoreOptions = {}): Promise<Store> {
  return openStore(await temporaryFolder(), options);
}

/** A store on a folder that is there already; closed when the test ends. */
export function openStore(data: string, options: StoreOptions = {}): Store {
  const store = Store.open(data, options);
  onTestFinished(() => store.close());
  return store;
}

/** A file in the staging folder, as a transfer leaves it. */
export function staged(
  store: Store,
  content: string | Uint8Array,
  mode: { executable?: boolean } = {},
): AdmittedObject & { readonly from: string } {
  const hash = sha256(content);
  const from = store.layout.stagingFile(hash);
  writeFileSync(from, content);
  return { sha256: hash, size: Buffer.byteLength(content), mtimeMs, executable: mode.executable ?? false, from };
}

export async function keep(store: Store, ...contents: readonly string[]): Promise<Sha256[]> {
  const batch = contents.map((content) => staged(store, content));
  await store.objects.admit(batch);
  return batch.map((object) => object.sha256);
}

export const epoch = '0123456789abcdef0123456789abcdef';

export function headOf(
  root: ManifestRoot,
  head: { readonly repository?: string; readonly generation?: number; readonly epoch?: string } = {},
): HeadFile {
  return unsignedHead({
    repository: 'tools',
    kind: 'mirror',
    context: 'enterprise',
    epoch,
    generation: 1,
    previous: null,
    root: { sha256: root.sha256, length: root.length },
    files: root.files,
    bytes: root.bytes,
    publishedAt: new Date(mtimeMs).toISOString(),
    ...head,
  });
}

/** Path and content of each file of a generation. */
export type Contents = Readonly<Record<string, string>>;

export function entriesOf(contents: Contents): Entry[] {
  return Object.entries(contents)
    .map(([path, content]): Entry => {
      return {
        type: 'file',
        path,
        object: sha256(content),
        size: Buffer.byteLength(content),
        mtimeMs,
        executable: false,
      };
    })
    .sort((a, b) => comparePaths(a.path, b.path));
}

/** A generation as a cycle leaves it: objects, pages, head, membership, complete for everybody. */
export async function publish(
  store: Store,
  contents: Contents,
  head: { readonly repository?: string; readonly generation?: number } = {},
): Promise<HeadFile> {
  const entries = entriesOf(contents);
  await keep(store, ...new Set(Object.values(contents)));
  const root = buildManifest(entries, store.pages.write);
  await store.pages.flush();
  const file = headOf(root, head);
  await store.heads.put(file);
  store.objects.enlist(
    file.head.repository,
    entries.flatMap((entry) => (entry.type === 'file' ? [entry.object] : [])),
  );
  store.heads.markComplete(file.head.repository, file.head.generation, [everything]);
  return file;
}
