import { directoryName, documentsFor, type EnrolledRepository } from '../model/company.js';
import { DepotError } from '../model/errors.js';
import type { MetadataVersions } from '../model/metadata.js';
import { isWithin } from '../model/names.js';
import { withScratchFolder } from '../store/scratch-folder.js';
import { downloadTarget } from '../trust/targets.js';
import type { SyncDepot } from './depot.js';
import type { Parent } from './parents.js';
import { verifyNewest } from './refresh.js';
import { sourceOf } from './tuf-source.js';

/**
 * Brings the company's directory up to date where the parent's is newer: verified metadata first, then the documents that
 * concern this depot, then the switch. Before anything else of a poll, so that a revocation acts one level a poll.
 * Nothing where this depot has not joined: there is no root to verify by.
 * @throws DepotError `head-refused`, `head-expired`, or what the transfer threw; the directory that was in force stays
 */
export async function learnCompany(
  depot: SyncDepot,
  parent: Parent,
  offered: MetadataVersions | null,
  signal: AbortSignal,
): Promise<void> {
  const { signed, company } = depot.store;
  const held = signed.held(directoryName);
  if (held === undefined || offered === null) return;
  const versions = signed.versions(directoryName);
  if (versions !== null && offered.root <= versions.root && offered.timestamp <= versions.timestamp) return;
  const source = sourceOf(offered.root, (file, maxBytes) => parent.client.company(file, maxBytes, signal));
  const subject = `the company's directory at ${parent.url}`;
  const set = await verifyNewest(signed, directoryName, held, source, subject);
  const documents = new Map<string, Uint8Array>();
  await withScratchFolder(async (scratch) => {
    for (const { target, file } of documentsFor(depot.site, set.files.targets)) {
      if (company.read(file) !== undefined) continue;
      documents.set(file, await downloadTarget(set.files, target, source, { scratch, subject }));
    }
  });
  await company.keep(documents);
  await company.switch(depot.site, set);
  depot.onCompany();
}

/** Whether this depot belongs to a company whose directory it verifies. */
export function hasJoined({ store }: Pick<SyncDepot, 'store'>): boolean {
  return store.signed.rootVersions(directoryName).length > 0;
}

/** What the directory says of a repository in whose scope this depot stands. */
export function enrolled({ store, site }: SyncDepot, repository: string): EnrolledRepository | undefined {
  return store.company
    .get(site)
    ?.repositories.find(({ name, context }) => name === repository && isWithin(site, context));
}

/** @throws DepotError `not-allowed` where this depot has joined and the directory has no such repository for its site */
export function requireEnrolled(depot: SyncDepot, repository: string): void {
  if (!hasJoined(depot) || enrolled(depot, repository) !== undefined) return;
  if (depot.store.company.get(depot.site) === undefined) {
    throw new DepotError(
      'not-allowed',
      `${repository}: the company's directory is not here yet, so nothing is believed`,
      {
        hint: 'a parent that has joined brings it: depot poll --wait',
      },
    );
  }
  throw new DepotError('not-allowed', `${repository} is not in the company's directory for ${depot.site}: refused`, {
    hint: `at its master depot: depot repository enroll ${repository}`,
  });
}
