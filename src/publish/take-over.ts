import type { Move } from '../model/company.js';
import { DepotError } from '../model/errors.js';
import { metadataName } from '../model/metadata.js';
import type { Store } from '../store/store.js';
import { readRoot } from '../trust/root-facts.js';
import { isSameRoot, proposeRoot, readProposal, signProposal, verifyRootChain } from '../trust/root-move.js';
import type { Lifetimes } from '../trust/sign.js';
import { sha256 } from '../model/sha256.js';
import { expectSource } from './first-source.js';
import { KeyRing } from './key-ring.js';
import { openRootKeys, requireThreshold, type Unlock } from './root-keys.js';

const leastFile = 'least-generation.txt';

/** The proposed root, beside the staged keys that it names. */
const proposalFile = 'take-over.json';

/**
 * What a depot that wants to become the master depot of a repository asks for: the next root, which names keys that are made
 * and staged here. Until the old root keys have signed it, nothing is different. Asking again gives the same, unless the
 * root has changed meanwhile.
 * @throws DepotError `not-found` where nothing is held of the repository
 */
export async function proposeTakeOver(
  { keys, signed }: Pick<Store, 'keys' | 'signed'>,
  repository: string,
  lifetimes: Lifetimes,
  nowMs: number,
): Promise<Uint8Array> {
  const current = signed.held(repository)?.root;
  if (current === undefined) {
    throw new DepotError('not-found', `nothing is held of ${repository} here`, { hint: 'depot poll --wait' });
  }
  const ring = new KeyRing(keys, repository);
  const proposed = proposalOf(ring);
  if (proposed !== undefined && isUsable(ring, current, proposed, nowMs)) return proposed;
  const made = await ring.stageAll();
  const proposal = proposeRoot(current, { ...made, root: [made.root] }, lifetimes, nowMs);
  await ring.write(proposalFile, proposal);
  return proposal;
}

/** Whether this depot has asked for the repository, and nothing has come of it yet. */
export function hasProposed({ keys }: Pick<Store, 'keys'>, repository: string): boolean {
  return keys.read(repository, proposalFile) !== undefined;
}

/** Takes back what was asked for: the keys were never in force. */
export function dropProposal({ keys }: Pick<Store, 'keys'>, repository: string): void {
  const ring = new KeyRing(keys, repository);
  keys.remove(repository, proposalFile);
  ring.dropStaged();
}

/**
 * Takes up the root that the old root keys have signed: the staged keys are this depot's own from then on, and it may
 * publish. What the old ones signed above the last generation of the move, and was believed here before the move was known,
 * does not count: other depots may hold it, so its numbers are left out. Can be repeated; never beside a cycle.
 * @returns whether the keys that sign by themselves are here
 */
export async function takeUp(
  { keys, signed, heads, sources }: Pick<Store, 'keys' | 'signed' | 'heads' | 'sources'>,
  repository: string,
  { generation, next, metadata = '' }: Move,
): Promise<boolean> {
  const root = Buffer.from(metadata, 'base64');
  const ring = new KeyRing(keys, repository);
  const facts = readRoot(root);
  if (ring.hasOnline(facts)) {
    keys.remove(repository, proposalFile);
    return true;
  }
  const proposed = proposalOf(ring);
  if (proposed === undefined || !isSameRoot(proposed, root) || !ring.hasStaged(facts)) return false;
  const before = signed.rootVersions(repository).filter((version) => version < facts.version);
  const chain = before.map((version) => signed.read(repository, metadataName('root', version)) ?? Buffer.alloc(0));
  verifyRootChain([...chain, root], sha256(chain[0] ?? root));
  const above = heads.list(repository).filter(({ head }) => head.generation > generation);
  const newest = above[0]?.head.generation;
  const least = Math.max(next, leastGeneration({ keys }, repository), newest === undefined ? 0 : newest + 2);
  await ring.write(leastFile, String(least));
  for (const { head } of above) heads.remove(repository, head.generation);
  // A backup of the keys has to be enough to publish on.
  for (const [at, version] of before.entries()) {
    await ring.write(metadataName('root', version), chain[at] ?? Buffer.alloc(0));
  }
  await expectSource({ keys }, repository);
  sources.forget(repository);
  await ring.keepRoot({ version: facts.version, bytes: root });
  keys.remove(repository, proposalFile);
  return ring.hasOnline(facts);
}

/** The least number that a generation may have here. */
export function leastGeneration({ keys }: Pick<Store, 'keys'>, repository: string): number {
  return Number(keys.read(repository, leastFile) ?? 0);
}

/**
 * Signs the proposed root with old root keys that were brought here, since the old master depot is lost.
 * @returns all roots, the oldest first
 * @throws DepotError `root-key-needed`, `bad-request` where a passphrase is wrong
 */
export async function signTakeOver(
  { keys, signed }: Pick<Store, 'keys' | 'signed'>,
  repository: string,
  proposal: Uint8Array,
  unlock: Unlock,
): Promise<Uint8Array[]> {
  const ring = new KeyRing(keys, repository);
  const chain = signed
    .rootVersions(repository)
    .map((version) => signed.read(repository, metadataName('root', version)) ?? Buffer.alloc(0));
  const current = chain.at(-1) ?? Buffer.alloc(0);
  const facts = readRoot(current);
  const found = await openRootKeys(ring, facts, unlock);
  requireThreshold(ring, facts, found, 'to take it over', `depot repository take-over ${repository}`);
  const bytes = signProposal(
    current,
    proposal,
    found.opened.map(({ key }) => key),
  );
  return [...chain, bytes];
}

/** Whether the keys of that root, or of a later one that was signed here, are this depot's own. */
export function isTakenUp({ keys }: Pick<Store, 'keys'>, repository: string, root: number): boolean {
  const ring = new KeyRing(keys, repository);
  const newest = ring.roots().at(-1);
  return newest !== undefined && newest.version >= root && ring.hasOnline(readRoot(newest.bytes));
}

function proposalOf(ring: KeyRing): Uint8Array | undefined {
  const text = ring.read(proposalFile);
  return text === undefined ? undefined : Buffer.from(text);
}

function isUsable(ring: KeyRing, current: Uint8Array, proposed: Uint8Array, nowMs: number): boolean {
  try {
    return ring.hasStaged(readProposal(current, proposed, nowMs));
  } catch {
    return false; // of another root, or half written by a version that wrote otherwise
  }
}
