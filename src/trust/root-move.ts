import { Signature, type Metadata, type Root } from '@tufjs/models';
import { DepotError } from '../model/errors.js';
import { sha256, type Sha256 } from '../model/sha256.js';
import { parseRoot } from './metadata.js';
import { readRoot, type RootFacts } from './root-facts.js';
import { fileOf, signRoot, type Lifetimes, type RoleKeys } from './sign.js';
import type { SigningKey } from './signing-keys.js';

/*
 * The root by which a repository goes to another master depot (README section 5): it names that depot's keys and no
 * others. The new master makes it and signs it with its root key, the old root keys sign it too, and only then it counts.
 */

/** The root after the current one, with the new master's signature alone: nobody believes it yet. */
export function proposeRoot(current: Uint8Array, keys: RoleKeys, lifetimes: Lifetimes, nowMs: number): Uint8Array {
  const { version } = readRoot(current);
  const contents = { version: version + 1, keys, rootKeys: keys.root, threshold: 1 };
  return fileOf(signRoot(contents, keys.root, lifetimes, nowMs));
}

/**
 * What a proposed root says, where it can follow the current one as the root of a move.
 * @throws DepotError `head-refused` where it is for another root, is not signed by the keys that it names, names a key of the
 * current root (whoever has that could sign on), or is over
 */
export function readProposal(current: Uint8Array, proposal: Uint8Array, nowMs: number): RootFacts {
  const before = readRoot(current);
  const next = readSelfSigned(proposal);
  if (next.version !== before.version + 1) {
    throw new DepotError(
      'head-refused',
      `the move is asked for from root ${next.version - 1}, and the root is ${before.version} now`,
      {
        hint: 'ask for it anew at the new master depot, once that has polled: depot repository take-over',
        retry: 'never',
      },
    );
  }
  const old = keyIds(before);
  if ([...keyIds(next)].some((id) => old.has(id))) {
    throw new DepotError('head-refused', 'the root of the move names a key of the old master depot', {
      retry: 'never',
    });
  }
  if (next.expiresAtMs <= nowMs) {
    throw new DepotError(
      'head-refused',
      `the root of the move is over since ${new Date(next.expiresAtMs).toISOString()}`,
      {
        hint: 'ask for the move anew at the new master depot: depot repository take-over',
        retry: 'never',
      },
    );
  }
  return next;
}

/**
 * The proposed root with the signatures of the current one's keys: from now on it counts wherever the current one does.
 * @throws DepotError `bad-request` where these do not reach the threshold of the current root
 */
export function signProposal(current: Uint8Array, proposal: Uint8Array, keys: readonly SigningKey[]): Uint8Array {
  const next = parseRoot(proposal);
  for (const key of keys) next.sign((bytes) => new Signature({ keyID: key.id, sig: key.sign(bytes) }));
  requireDelegated(parseRoot(current), next);
  return fileOf(next);
}

/** Whether two root files say the same, whoever signed them. */
export function isSameRoot(a: Uint8Array, b: Uint8Array): boolean {
  return parseRoot(a).signed.equals(parseRoot(b).signed);
}

/**
 * Follows a chain of roots from the first one (TUF 5.3): each is signed by the keys of the one before and by its own.
 * Expiries do not matter, as there, but that of the last one is the caller's to look at.
 * @param roots from `1.root.json` on, without a gap
 * @returns what the last one says
 * @throws DepotError `head-refused`
 */
export function verifyRootChain(roots: readonly Uint8Array[], first: Sha256): RootFacts {
  const [start, ...rest] = roots;
  if (start === undefined || sha256(start) !== first) {
    throw new DepotError('head-refused', 'the chain of roots does not begin with the root that the directory names');
  }
  let before = start;
  for (const next of rest) {
    const { version } = readRoot(before);
    const found = readRoot(next).version;
    if (found !== version + 1) {
      throw new DepotError('head-refused', `the chain of roots has root ${found} after root ${version}`);
    }
    requireDelegated(parseRoot(before), parseRoot(next));
    before = next;
  }
  return readSelfSigned(before);
}

/** What a root says that is signed by enough of its own keys. @throws DepotError `head-refused` */
export function readSelfSigned(bytes: Uint8Array): RootFacts {
  const root = parseRoot(bytes);
  requireSigned(root, root, 'the keys that it names itself');
  const facts = readRoot(bytes);
  if (Number.isNaN(facts.expiresAtMs)) throw new DepotError('head-refused', 'a root has an expiry that is no date');
  return facts;
}

function requireDelegated(before: Metadata<Root>, next: Metadata<Root>): void {
  requireSigned(before, next, `the keys of root ${before.signed.version}`);
  requireSigned(next, next, 'the keys that it names itself');
}

function requireSigned(by: Metadata<Root>, next: Metadata<Root>, whose: string): void {
  try {
    by.verifyDelegate('root', next);
  } catch (cause) {
    throw new DepotError('head-refused', `root ${next.signed.version} is not signed by enough of ${whose}`, {
      cause,
      retry: 'never',
    });
  }
}

function keyIds({ roles }: RootFacts): Set<string> {
  return new Set(Object.values(roles).flatMap(({ keys }) => keys.map(({ id }) => id)));
}
