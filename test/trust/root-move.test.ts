import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import { isSameRoot, proposeRoot, readProposal, signProposal, verifyRootChain } from '../../src/trust/root-move.js';
import { signFirstRoot, signNextRoot, type RoleKeys } from '../../src/trust/sign.js';
import { makeSigningKey } from '../../src/trust/signing-keys.js';
import { usualLifetimes } from '../harness/lifetimes.js';

const now = Date.UTC(2026, 10, 21);

function newKeys(roots = 1): RoleKeys {
  const key = () => makeSigningKey().key;
  return { root: Array.from({ length: roots }, key), targets: key(), snapshot: key(), timestamp: key() };
}

const old = newKeys();
const first = signFirstRoot(old, usualLifetimes, now);
const taker = newKeys();
const proposal = proposeRoot(first, taker, usualLifetimes, now);
const signed = signProposal(first, proposal, old.root);

const corrupted = (bytes: Uint8Array, from: string, to: string): Uint8Array =>
  Buffer.from(Buffer.from(bytes).toString('utf8').replace(from, to));

describe('the root of a move', () => {
  it('names the new keys alone, and leads on from the first root', () => {
    const { version, roles } = verifyRootChain([first, signed], sha256(first));
    expect(version).toBe(2);
    expect(roles.root.keys.map(({ id }) => id)).toEqual(taker.root.map(({ id }) => id));
    expect(roles.targets.keys.map(({ id }) => id)).toEqual([taker.targets.id]);
    expect(isSameRoot(proposal, signed)).toBe(true);
  });

  it('counts for nobody before the old root keys have signed it', () => {
    expect(() => verifyRootChain([first, proposal], sha256(first))).toThrow(
      'root 2 is not signed by enough of the keys of root 1',
    );
    expect(() => signProposal(first, proposal, newKeys().root)).toThrow('not signed by enough of the keys of root 1');
  });

  it('takes as many of the old keys as the old root wants', () => {
    const two = newKeys(2);
    const start = signFirstRoot(two, usualLifetimes, now);
    const wanted = signNextRoot(start, { keys: two, threshold: 2 }, usualLifetimes, now);
    const asked = proposeRoot(wanted, taker, usualLifetimes, now);
    expect(() => signProposal(wanted, asked, two.root.slice(0, 1))).toThrow('not signed by enough');
    expect(verifyRootChain([start, wanted, signProposal(wanted, asked, two.root)], sha256(start)).version).toBe(3);
  });

  it('is refused where it is not signed by the keys that it names', () => {
    const other = proposeRoot(first, newKeys(), usualLifetimes, now);
    const keyOf = (bytes: Uint8Array): string => verifyKey(bytes);
    expect(() => readProposal(first, corrupted(other, keyOf(other), keyOf(proposal)), now)).toThrow();
  });

  it('is refused where it keeps a key of the old master depot', () => {
    for (const kept of [{ targets: old.targets }, { root: old.root }, { timestamp: old.timestamp }]) {
      const sly = proposeRoot(first, { ...newKeys(), ...kept }, usualLifetimes, now);
      expect(() => readProposal(first, sly, now)).toThrow('names a key of the old master depot');
    }
  });

  it('is refused where the root is another by now, or its life is over', () => {
    const next = signNextRoot(first, { keys: old }, usualLifetimes, now);
    expect(() => readProposal(next, proposal, now)).toThrow('asked for from root 1, and the root is 2 now');
    expect(() => readProposal(first, proposal, now + usualLifetimes.rootMs + 1)).toThrow('is over since');
    expect(readProposal(first, proposal, now).version).toBe(2);
  });
});

describe('a chain of roots', () => {
  it.each([
    ['begins with another root', [signFirstRoot(newKeys(), usualLifetimes, now), signed], 'does not begin with'],
    ['has a gap', [first, proposeRoot(signed, newKeys(), usualLifetimes, now)], 'has root 3 after root 1'],
    ['is empty', [], 'does not begin with'],
    ['has a root that was altered', [first, corrupted(signed, '"version": 2', '"version": 3')], 'has root 3'],
  ])('that %s is refused', (_, chain, why) => {
    expect(() => verifyRootChain(chain, sha256(first))).toThrow(why);
  });
});

/** The first public key in the text of a root. */
function verifyKey(bytes: Uint8Array): string {
  return /"public": "([0-9a-f]{64})"/.exec(Buffer.from(bytes).toString('utf8'))?.[1] ?? '';
}
