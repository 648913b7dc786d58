import { join } from 'node:path';
import { directoryName } from '../model/company.js';
import type { Role } from '../model/metadata.js';
import type { KeyPlace, KeysStatus, KeyStatus } from '../model/trust-status.js';
import { sealedRootKey } from '../store/keys.js';
import type { Store } from '../store/store.js';
import { readRoot } from '../trust/root-facts.js';
import { labelOf } from '../trust/sealed.js';
import { readSigningKey } from '../trust/signing-keys.js';

const shown: readonly Role[] = ['root', 'targets', 'snapshot', 'timestamp'];

/** The signing keys of the repositories that are published here, and of the directory where it is held here. */
export function keysStatus(store: Store, published: readonly string[]): KeysStatus {
  const holders = [...published, directoryName].filter((name) => store.keys.rootKeyPlace(name) !== null);
  return { keys: holders.flatMap((name) => [...keysOf(store, name)]) };
}

function* keysOf(store: Store, repository: string): Generator<KeyStatus> {
  const held = store.signed.held(repository);
  if (held === undefined) return;
  const { roles } = readRoot(held.root);
  const expires = store.signed.facts(repository)?.expiresAtMs;
  const here = rootKeyHere(store, repository);
  for (const role of shown) {
    const { keys, threshold } = roles[role];
    const expiresAt = expires === undefined ? null : new Date(expires[role]).toISOString();
    for (const { id } of keys) {
      const where = role !== 'root' ? 'here' : here?.id === id ? here.place : 'elsewhere';
      yield { repository, role, keyId: id, where, threshold, expiresAt };
    }
  }
}

/** A machine has one root key of a repository at most. */
function rootKeyHere(
  { keys }: Store,
  repository: string,
): { readonly id: string; readonly place: KeyPlace } | undefined {
  const pem = keys.read(repository, 'root.pem');
  if (pem !== undefined) {
    const hint = 'restore it from a backup of the folder keys/ of the data directory';
    return { id: readSigningKey(pem, { what: join(keys.folder(repository), 'root.pem'), hint }).id, place: 'here' };
  }
  const sealed = keys.read(repository, sealedRootKey);
  return sealed === undefined ? undefined : { id: labelOf(sealed) ?? '', place: 'sealed' };
}
