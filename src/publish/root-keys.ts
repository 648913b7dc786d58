import { asDepotError, DepotError } from '../model/errors.js';
import { sealedRootKey } from '../store/keys.js';
import type { RootFacts } from '../trust/root-facts.js';
import { isSealed, labelOf, seal, unseal } from '../trust/sealed.js';
import { readSigningKey, type SigningKey } from '../trust/signing-keys.js';
import type { KeyRing } from './key-ring.js';

/** What a person brings so that a root key that is protected can sign: texts of key files, and passphrases that open sealed ones. */
export interface Unlock {
  readonly keys: readonly string[];
  readonly passphrases: readonly string[];
}

export const nothingBrought: Unlock = { keys: [], passphrases: [] };

/** A root key that can sign; `passphrase` is the one that opened it, where it was sealed. */
export interface OpenedKey {
  readonly key: SigningKey;
  readonly passphrase: string | undefined;
  readonly isFromHere: boolean;
}

export interface OpenedKeys {
  readonly opened: readonly OpenedKey[];
  /** Why a sealed key could not be opened with any of the passphrases. */
  readonly refused: DepotError | undefined;
}

/** The root keys that can sign, of those that the root names: the one here, and those that were brought. */
export async function openRootKeys(ring: KeyRing, root: RootFacts, unlock: Unlock): Promise<OpenedKeys> {
  const here = [ring.read('root.pem'), ring.read(sealedRootKey)].filter((text) => text !== undefined);
  const opened: OpenedKey[] = [];
  let refused: DepotError | undefined;
  for (const [at, text] of [...here, ...unlock.keys].entries()) {
    const found = await openKey(text, unlock.passphrases);
    if ('refused' in found) {
      refused ??= found.refused;
      continue;
    }
    const key = readSigningKey(found.pem);
    const isWanted =
      root.roles.root.keys.some(({ id }) => id === key.id) && opened.every((each) => each.key.id !== key.id);
    if (isWanted) opened.push({ key, passphrase: found.passphrase, isFromHere: at < here.length });
  }
  return { opened, refused };
}

/** @throws DepotError `root-key-needed` with the command that brings it, or why a key could not be opened */
export function requireThreshold(
  ring: KeyRing,
  root: RootFacts,
  { opened, refused }: OpenedKeys,
  what: string,
  command = `depot keys rotate ${ring.name}`,
): void {
  const { threshold } = root.roles.root;
  if (opened.length >= threshold) return;
  if (refused !== undefined) throw refused;
  const { name } = ring;
  const place = ring.files.rootKeyPlace(name);
  const file = place === 'sealed' && threshold === 1 ? '' : ' --root-key FILE';
  const count = threshold === 1 ? 'the root key' : `${threshold} of the root keys`;
  const have = threshold === 1 ? '' : `, and ${opened.length} can be used`;
  throw new DepotError('root-key-needed', `${what} of ${name} needs ${count}${have}: ${where(place)}`, {
    hint: `${command}${file}`,
    retry: 'never',
  });
}

/** Puts the root key under a passphrase, and drops the open one. @returns the sealed text, also where that was done before */
export async function sealRootKey(
  ring: KeyRing,
  passphrase: string | null,
): Promise<{ keyId: string; sealed: string }> {
  const pem = ring.read('root.pem');
  if (pem === undefined) {
    const sealed = ring.read(sealedRootKey);
    if (sealed !== undefined) return { keyId: labelOf(sealed) ?? '', sealed };
    throw new DepotError('not-found', `the root key of ${ring.name} is not on this machine`, {
      hint: 'depot keys lists where keys are',
      retry: 'never',
    });
  }
  if (passphrase === null) throw new DepotError('bad-request', 'a passphrase is needed', { retry: 'never' });
  const keyId = readSigningKey(pem).id;
  await ring.write(sealedRootKey, await seal(pem, passphrase, keyId));
  const sealed = ring.read(sealedRootKey) ?? '';
  // Nothing else can sign the next root: what was written is read before the open key goes.
  if ((await unseal(sealed, passphrase)) !== pem) {
    throw new DepotError('internal', `the root key of ${ring.name} could not be sealed; it stays as it was`);
  }
  ring.files.remove(ring.name, 'root.pem');
  return { keyId, sealed };
}

async function openKey(
  text: string,
  passphrases: readonly string[],
): Promise<
  { readonly pem: string; readonly passphrase: string | undefined } | { readonly refused: DepotError | undefined }
> {
  if (!isSealed(text)) return { pem: text, passphrase: undefined };
  let refused: DepotError | undefined;
  for (const passphrase of passphrases) {
    try {
      return { pem: await unseal(text, passphrase), passphrase };
    } catch (error) {
      refused = asDepotError(error, 'open a sealed key');
    }
  }
  return { refused };
}

function where(place: ReturnType<KeyRing['files']['rootKeyPlace']>): string {
  if (place === 'sealed') return 'the one here is under a passphrase';
  return place === 'here' ? 'others are elsewhere' : 'it is not on this machine';
}
