import { DepotError } from '../model/errors.js';
import { parseHead, type HeadFile } from '../model/head.js';
import { metadataName, type MetadataName, type TrustedFiles } from '../model/metadata.js';
import { sha256 } from '../model/sha256.js';
import type { StateMessage } from '../protocol/messages.js';
import type { SignedSet } from '../store/signed-files.js';
import { verifyOlderTargets } from '../trust/refresh.js';
import { readRoot } from '../trust/root-facts.js';
import { enrolled } from './company.js';
import type { SyncDepot } from './depot.js';
import type { Parent } from './parents.js';
import { verifyNewest } from './refresh.js';
import { sourceOf } from './tuf-source.js';

/** Metadata that a parent offers, verified from the root that is trusted here; nothing of it is kept yet. */
export interface Offer {
  readonly set: SignedSet;
  readonly file: HeadFile;
}

/** Bytes of a root, or of the head of one generation. */
const maxRootBytes = 512 * 1024;

/**
 * Fetches and verifies the metadata of a repository where its state names newer than what is held; undefined where it
 * does not, which costs nothing.
 * @throws DepotError `head-refused`, `head-expired`, or what the transfer threw
 */
export async function verifyOffer(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  { metadata }: StateMessage,
  signal: AbortSignal,
): Promise<Offer | undefined> {
  const { signed } = depot.store;
  const versions = signed.versions(repository);
  if (metadata === null) return undefined;
  if (versions !== null && metadata.root <= versions.root && metadata.timestamp <= versions.timestamp) {
    return undefined;
  }
  const source = sourceOf(metadata.root, (file, maxBytes) =>
    parent.client.metadata(repository, file as MetadataName, maxBytes, signal),
  );
  requirePinned(depot, repository);
  const held = signed.held(repository);
  const trusted = held ?? { root: await firstRoot(depot, parent, repository, signal) };
  const subject = `${repository} at ${parent.url}`;
  const set = await verifyNewest(signed, repository, trusted, source, subject);
  const file = parseHead(set.files.targets);
  requireContext(depot, file);
  requireMaster(depot, parent, file, set);
  // Not before all that it leads to was verified: without a directory, whatever stood here first would be believed for ever.
  if (held === undefined) await signed.pin(repository, 1, trusted.root);
  return { set, file };
}

/**
 * The root that is trusted from now on: the one that the company's directory names. Without a directory, on plain HTTP on
 * loopback, there is nothing to hold the first one against.
 */
async function firstRoot(
  depot: SyncDepot,
  parent: Parent,
  repository: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const root = await parent.client.metadata(repository, metadataName('root', 1), maxRootBytes, signal);
  if (root === undefined) {
    throw new DepotError('head-refused', `${parent.url} has no root metadata of ${repository}`);
  }
  const named = enrolled(depot, repository)?.root;
  if (named !== undefined && named !== sha256(root)) {
    throw new DepotError(
      'head-refused',
      `${parent.url} has another root of ${repository} than the company's directory: refused`,
    );
  }
  return root;
}

/** @throws DepotError `head-refused` where the directory names another first root than the one that was pinned here */
function requirePinned(depot: SyncDepot, repository: string): void {
  const named = enrolled(depot, repository)?.root;
  const pinned = depot.store.signed.read(repository, metadataName('root', 1));
  if (named === undefined || pinned === undefined || named === sha256(pinned)) return;
  throw new DepotError(
    'head-refused',
    `the company's directory names another root of ${repository} than the one that this depot trusts`,
    { hint: `its master depot began anew; to believe that: depot trust reset ${repository}` },
  );
}

/**
 * The head of a generation before the newest, whose content is what the parent has. Its signature is verified under the
 * trusted root (src/trust/README.md section 1.6).
 * @throws DepotError `head-refused`, `not-found`
 */
export async function olderHead(
  parent: Parent,
  named: { readonly repository: string; readonly generation: number },
  trusted: { readonly root: Uint8Array; readonly newest: HeadFile },
  signal: AbortSignal,
): Promise<HeadFile> {
  const { repository, generation } = named;
  const { head: newest } = trusted.newest;
  const name = metadataName('targets', generation);
  const bytes = await parent.client.metadata(repository, name, maxRootBytes, signal);
  if (bytes === undefined) throw new DepotError('not-found', `${parent.url} has no ${name} of ${repository}`);
  verifyOlderTargets(trusted.root, bytes);
  const file = parseHead(bytes);
  const isOfLine = file.head.repository === repository && file.head.epoch === newest.epoch;
  const precedes = generation < newest.generation - 1 || newest.previous === file.sha256;
  if (isOfLine && file.head.generation === generation && generation < newest.generation && precedes) return file;
  throw new DepotError(
    'head-refused',
    `${parent.url} offers as generation ${generation} of ${repository} what does not lead to generation ${newest.generation}`,
    { hint: 'the parent was restored from a backup, or replays heads of another line' },
  );
}

/** A master depot signs its heads, but it is the directory that says how far they reach. @throws DepotError `head-refused` */
function requireContext(depot: SyncDepot, { head }: HeadFile): void {
  const named = enrolled(depot, head.repository)?.context;
  if (named === undefined || named === head.context) return;
  throw new DepotError(
    'head-refused',
    `the head of ${head.repository} claims the context ${head.context}, the company's directory says ${named}`,
    { hint: `at its master depot: depot repository enroll ${head.repository}` },
  );
}

/**
 * After a move the keys of the old master depot count up to its last generation, whether the new root has come here or not:
 * two depots never publish one repository. @throws DepotError `head-refused`
 */
function requireMaster(depot: SyncDepot, parent: Parent, { head }: HeadFile, { files }: SignedSet): void {
  const { repository, generation } = head;
  const move = enrolled(depot, repository)?.moves?.at(-1);
  if (move === undefined || generation <= move.generation || readRoot(files.root).version >= move.root) return;
  const { from, to } = move;
  throw new DepotError(
    'head-refused',
    `${parent.url} offers generation ${generation} of ${repository}, signed by the keys of ${from}: it went to ${to} with ` +
      `generation ${move.generation}, so this is refused`,
    { hint: `${from} was restored from a backup, or publishes on; stop it. ${to} publishes what follows` },
  );
}

/** The root that signed what is held. */
export function trustedRoot(depot: SyncDepot, repository: string): Uint8Array {
  const held: TrustedFiles | undefined = depot.store.signed.held(repository);
  if (held !== undefined) return held.root;
  throw new DepotError('head-refused', `nothing is trusted of ${repository} yet`);
}
