import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { buildManifest } from '../../src/manifest/build.js';
import { comparePaths, type Entry } from '../../src/model/entry.js';
import type { HeadFile } from '../../src/model/head.js';
import { everything, type Demand } from '../../src/model/selection.js';
import { sha256, type Sha256 } from '../../src/model/sha256.js';
import { ParentClient } from '../../src/protocol/client.js';
import type { ParentOptions } from '../../src/protocol/requester.js';
import type { DirectoryRepository } from '../../src/protocol/messages.js';
import { childHandler, type ChildrenOptions } from '../../src/serve/children.js';
import { listen, type Listener, type ListenOptions } from '../../src/serve/listener.js';
import { inlineJobs, type RunJob } from '../../src/store/job.js';
import { Store } from '../../src/store/store.js';
import { unsignedHead } from '../harness/heads.js';
import { temporaryFolder, type WhenDone } from '../harness/temporary.js';

const epoch = '0123456789abcdef0123456789abcdef';

/** A depot that serves children: a store, what it knows of repositories, and a real listener on loopback. */
export interface Hosted {
  readonly store: Store;
  readonly url: string;
  readonly listener: Listener;
  readonly directory: DirectoryRepository[];
  readonly faults: string[];
  /** Takes over a generation of a repository, its files as path and content, complete for `demand`. */
  publish(repository: string, files: Readonly<Record<string, string | Buffer>>, demand?: Demand): Promise<HeadFile>;
  child(depot?: string, site?: string, options?: Partial<ParentOptions>): ParentClient;
}

export const self = { depot: 'region-1', site: 'enterprise/germany' };
export const childSite = 'enterprise/germany/munich';

/** `wrap` gets the jobs that the depot runs, which run in this thread; without `tls` it speaks plain HTTP. Shared by tests with `afterAll`. */
export async function hosted(
  options: Partial<Omit<ChildrenOptions, 'run'>> = {},
  wrap: (run: RunJob) => RunJob = (run) => run,
  listening: ListenOptions = {},
  whenDone: WhenDone = onTestFinished,
): Promise<Hosted> {
  const data = await temporaryFolder(whenDone);
  const store = Store.open(data);
  whenDone(async () => store.close());
  const directory: DirectoryRepository[] = [
    { name: 'tools', kind: 'mirror', context: 'enterprise', master: 'origin' },
    { name: 'bavaria', kind: 'mirror', context: childSite, master: 'origin' },
    { name: 'paris', kind: 'mirror', context: 'enterprise/france', master: 'origin' },
  ];
  const faults: string[] = [];
  const handler = childHandler({
    ...self,
    store,
    run: wrap(inlineJobs(store)),
    directory: () => directory,
    now: () => Date.now(),
    onFault: (error, request) => faults.push(`${request}: ${error.message}`),
    ...options,
  });
  const listener = await listen({ host: '127.0.0.1', port: 0 }, handler, listening);
  whenDone(() => listener.close(0));
  return {
    store,
    url: listener.url,
    listener,
    directory,
    faults,
    publish: (repository, files, demand = [everything]) => publish(store, repository, files, demand),
    child(depot = 'munich-1', site = childSite, more = {}) {
      const client = new ParentClient({ url: listener.url, depot, site, version: '0.1.0', connections: 256, ...more });
      onTestFinished(() => client.close());
      return client;
    },
  };
}

async function publish(
  store: Store,
  repository: string,
  files: Readonly<Record<string, string | Buffer>>,
  demand: Demand,
): Promise<HeadFile> {
  const entries: Entry[] = [];
  for (const [path, content] of Object.entries(files)) {
    const object = await admit(store, Buffer.from(content));
    entries.push({ type: 'file', path, object, size: content.length, mtimeMs: 1_000, executable: false });
    store.objects.enlist(repository, [object]);
  }
  entries.sort((a, b) => comparePaths(a.path, b.path));
  const root = buildManifest(entries, store.pages.write);
  await store.pages.flush();
  const before = store.heads.newest(repository);
  const head = unsignedHead({
    repository,
    kind: 'mirror',
    context: 'enterprise',
    epoch,
    generation: (before?.head.generation ?? 0) + 1,
    previous: before?.sha256 ?? null,
    root: { sha256: root.sha256, length: root.length },
    files: root.files,
    bytes: root.bytes,
    publishedAt: '2026-11-21T10:00:00.000Z',
  });
  await store.heads.put(head);
  store.heads.markComplete(repository, head.head.generation, demand);
  return head;
}

async function admit(store: Store, content: Buffer): Promise<Sha256> {
  const object = sha256(content);
  if (store.objects.has(object)) return object;
  const from = join(store.layout.staging, `${object}.part`);
  await mkdir(store.layout.staging, { recursive: true });
  await writeFile(from, content);
  await store.objects.admit([{ sha256: object, size: content.length, mtimeMs: 1_000, executable: false, from }]);
  return object;
}
