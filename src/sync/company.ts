import {
  companyShape,
  companyTarget,
  directoryName,
  documentsFor,
  type CompanyDocument,
  type EnrolledRepository,
} from '../model/company.js';
import { DepotError } from '../model/errors.js';
import type { MetadataVersions } from '../model/metadata.js';
import { isWithin } from '../model/names.js';
import type { ParentClient } from '../protocol/client.js';
import type { SignedSet } from '../store/signed-files.js';
import type { Store } from '../store/store.js';
import type { TufSource } from '../trust/source.js';
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
  if (signed.held(directoryName) === undefined || offered === null) return;
  // A master depot that stands elsewhere has not the documents that concern this one.
  const { parentSite } = parent.client;
  if (parentSite !== undefined && !isWithin(depot.site, parentSite)) return;
  const isHere = (): boolean => {
    const versions = signed.versions(directoryName);
    const isKnown = versions !== null && offered.root <= versions.root && offered.timestamp <= versions.timestamp;
    return isKnown && company.get(depot.site) !== undefined;
  };
  if (isHere()) {
    depot.board.directoryWaits = false;
    return;
  }
  const isNew = await noticing(depot, () =>
    company.alone(async () => {
      const held = signed.held(directoryName);
      if (held === undefined || isHere()) return false;
      const source = sourceOf(offered.root, (file, maxBytes) => parent.client.company(file, maxBytes, signal));
      const subject = `the company's directory at ${parent.url}`;
      const set = await verifyNewest(signed, directoryName, held, source, subject);
      await bringDocuments(depot.store, depot.site, set, source, subject);
      await company.switch(depot.site, set);
      return true;
    }),
  );
  if (isNew) depot.onCompany();
}

/** Notes whether what is brought is too long for a closed line. */
async function noticing<Result>({ board }: SyncDepot, work: () => Promise<Result>): Promise<Result> {
  try {
    const result = await work();
    board.directoryWaits = false;
    return result;
  } catch (thrown) {
    if (!(thrown instanceof DepotError) || thrown.code !== 'window-closed') throw thrown;
    board.directoryWaits = true;
    const { message, hint, retryAfterMs } = thrown;
    throw new DepotError(
      'window-closed',
      `the company's directory is longer than what passes a closed line: ${message}`,
      {
        cause: thrown,
        ...(hint === undefined ? {} : { hint }),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      },
    );
  }
}

/** Those that concern a depot at `site` and are not here yet, or were damaged here. */
async function bringDocuments(
  { company }: Pick<Store, 'company'>,
  site: string,
  { files }: SignedSet,
  source: TufSource,
  subject: string,
): Promise<void> {
  await withScratchFolder(async (scratch) => {
    for (const { target, file } of documentsFor(site, files.targets)) {
      if (company.holds(file)) continue;
      // Each at once: a line that is closed lets a few pass at each poll.
      await company.keep(new Map([[file, await downloadTarget(files, target, source, { scratch, subject })]]));
    }
  });
}

/**
 * The whole directory for a depot that learns from it who it is. Nothing is kept before `siteOf` has said where it stands.
 * @param root the first root of the directory, which is believed
 * @param siteOf told of what the directory says for all depots
 * @throws DepotError `head-refused`, `head-expired`, or what `siteOf` or the transfer threw
 */
export async function learnFirst(
  store: Store,
  client: ParentClient,
  root: Uint8Array,
  siteOf: (document: CompanyDocument) => string,
  signal: AbortSignal,
): Promise<void> {
  const source = sourceOf(Infinity, (file, maxBytes) => client.company(file, maxBytes, signal));
  const subject = "the company's directory";
  const held = store.signed.held(directoryName) ?? { root };
  const set = await verifyNewest(store.signed, directoryName, held, source, subject);
  const document = await withScratchFolder((scratch) =>
    downloadTarget(set.files, companyTarget, source, { scratch, subject }),
  );
  const site = siteOf(companyShape.parse(JSON.parse(Buffer.from(document).toString('utf8'))));
  await bringDocuments(store, site, set, source, subject);
  await store.signed.pin(directoryName, 1, root);
  await store.company.switch(site, set);
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
