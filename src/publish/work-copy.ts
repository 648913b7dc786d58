import { join } from 'node:path';
import { DepotError } from '../model/errors.js';
import type { ManifestRoot } from '../manifest/page.js';
import { buildManifest } from '../manifest/build.js';
import type { Entry } from '../model/entry.js';
import type { HeldBack } from '../model/publish-status.js';
import type { Job } from '../store/job.js';
import type { ScanOptions } from './mirror-source.js';
import { entryOf } from './merge-index.js';
import type { PackagesDeps, PackagesSource } from './packages-source.js';
import { readChanged } from './read-changed.js';
import { survey } from './survey.js';

/** What a work copy holds: the manifest of its files, with paths inside the package. */
export interface WorkCopy {
  readonly manifest: ManifestRoot;
  readonly problems: readonly HeldBack[];
}

/** The name under which the index of a work copy is kept; no repository has one like it. */
function indexName(repository: string, name: string): string {
  return `${repository}/${name}`;
}

/**
 * Reads the work copy of a package into the object store. It is looked through twice: what is written to meanwhile is a
 * problem, like a name that some system cannot hold, or a file that cannot be read. All problems are found at once.
 * @throws DepotError `work-refused` where there is no such folder
 */
export async function readWorkCopy(
  { repository, work }: PackagesSource,
  { store, run, host }: PackagesDeps,
  name: string,
  options: Pick<ScanOptions, 'signal' | 'onProgress'>,
): Promise<WorkCopy> {
  const index = { repository: indexName(repository, name), source: join(work, name) };
  const input = { ...index, exclude: [], names: 'portable', published: null, acceptSource: true } as const;
  const problems = new Map<string, HeldBack>();
  for (let look = 1; look <= 2; look += 1) {
    const surveyed = await survey(run, { ...input, nowMs: host.now() }, { signal: options.signal });
    if (surveyed.refused !== null) {
      throw new DepotError('work-refused', `the work copy ${surveyed.refused}`, {
        hint: `put the files of ${name} into ${index.source}`,
        retry: 'never',
      });
    }
    const read = await readChanged(index, { run }, options);
    const changing = read.changing.map((path) => ({ path, reason: 'it is written to while it is read' }));
    if (look === 1) continue;
    for (const problem of [...surveyed.heldBack, ...read.unreadable, ...changing]) problems.set(problem.path, problem);
  }
  const manifest = await run(freeze, { index: index.repository }, { signal: options.signal });
  for (const { path, problem } of store.sources.problems(index.repository, undefined, 1000)) {
    if (!problems.has(path)) problems.set(path, { path, reason: problem ?? 'it is not known' });
  }
  if (manifest.files === 0 && problems.size === 0) problems.set('.', { path: '.', reason: 'there is no file in it' });
  return { manifest, problems: [...problems.values()] };
}

/** The manifest of what the index of a work copy says. */
export const freeze: Job<{ readonly index: string }, ManifestRoot> = {
  name: 'freeze',
  background: true,
  async run(store, { index }, control) {
    function* entries(): Generator<Entry> {
      for (const row of store.sources.rows(index)) {
        control.throwIfStopped();
        const entry = entryOf(row);
        if (entry !== undefined) yield entry;
      }
    }
    const manifest = buildManifest(entries(), store.pages.write);
    await store.pages.flush();
    return manifest;
  },
};
