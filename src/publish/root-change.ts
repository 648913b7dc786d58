import { DepotError } from '../model/errors.js';
import type { Role } from '../model/metadata.js';
import { readRoot, type RootFacts } from '../trust/root-facts.js';
import { seal } from '../trust/sealed.js';
import { signNextRoot, type Lifetimes } from '../trust/sign.js';
import { makeSigningKey, type SigningKey } from '../trust/signing-keys.js';
import type { KeptRoot, KeyRing, OnlineKeys } from './key-ring.js';
import { openRootKeys, requireThreshold, type OpenedKey, type Unlock } from './root-keys.js';

/** What the next root says otherwise than the one before; nothing of it: the same, for longer. */
export interface RootPlan {
  /** Whose keys are replaced. */
  readonly roles: readonly Role[];
  /** A root key that is added, with how many signatures a root needs from then on. */
  readonly added?: { readonly key: SigningKey; readonly threshold: number };
  /** For messages: what the root key is needed for. */
  readonly purpose: string;
}

/**
 * Signs and keeps the next root:
 * 1. Open as many root keys as the newest root wants.
 * 2. Make the new keys, staged beside the old ones.
 * 3. Sign, with old keys and new ones, so that each child can follow; keep it, which puts the new keys in their place.
 * @throws DepotError `root-key-needed`, `bad-request` where a passphrase is wrong; nothing has changed then
 */
export async function changeRoot(
  ring: KeyRing,
  before: KeptRoot,
  plan: RootPlan,
  unlock: Unlock,
  { lifetimes, nowMs }: { readonly lifetimes: Lifetimes; readonly nowMs: number },
): Promise<KeptRoot> {
  const facts = readRoot(before.bytes);
  const keys = await openRootKeys(ring, facts, unlock);
  requireThreshold(ring, facts, keys, plan.purpose);
  const opened = keys.opened.map(({ key }) => key);
  const replaced = plan.roles.includes('root') ? chosen(ring, facts, keys.opened) : undefined;
  const added = [
    ...(replaced === undefined ? [] : [await stageRoot(ring, replaced, unlock)]),
    ...(plan.added === undefined ? [] : [plan.added.key]),
  ];
  const online = await stageOnline(ring, facts, plan.roles);
  const stays = ({ id }: { readonly id: string }): boolean => id !== replaced?.key.id;
  const bytes = signNextRoot(
    before.bytes,
    {
      keys: { ...online, root: [...opened.filter(stays), ...added] },
      otherRootKeys: facts.roles.root.keys.filter((key) => stays(key) && opened.every(({ id }) => id !== key.id)),
      alsoSignedBy: replaced === undefined ? [] : [replaced.key],
      ...(plan.added === undefined ? {} : { threshold: plan.added.threshold }),
    },
    lifetimes,
    nowMs,
  );
  const next = { version: facts.version + 1, bytes };
  await ring.keepRoot(next);
  return next;
}

async function stageOnline(ring: KeyRing, root: RootFacts, roles: readonly Role[]): Promise<OnlineKeys> {
  const key = async (role: 'targets' | 'snapshot' | 'timestamp'): Promise<SigningKey> => {
    if (!roles.includes(role)) return ring.key(role, root);
    const made = makeSigningKey();
    await ring.stage(role, made.pem);
    return made.key;
  };
  return { targets: await key('targets'), snapshot: await key('snapshot'), timestamp: await key('timestamp') };
}

/** The root key that is replaced: the one here, else the first that was brought. */
function chosen(ring: KeyRing, root: RootFacts, opened: readonly OpenedKey[]): OpenedKey {
  const place = ring.files.rootKeyPlace(ring.name);
  const key = place === 'elsewhere' ? opened[0] : opened.find(({ isFromHere }) => isFromHere);
  if (key !== undefined) return key;
  throw new DepotError('root-key-needed', `the root key of ${ring.name} that is on this machine is to be replaced`, {
    hint: `bring its passphrase: depot keys rotate ${ring.name} --role root`,
    retry: 'never',
  });
}

/** The new one is kept as the old one was; one that was elsewhere is sealed here, for a person to take it away. */
async function stageRoot(ring: KeyRing, old: OpenedKey, unlock: Unlock): Promise<SigningKey> {
  const { key, pem } = makeSigningKey();
  const passphrase = old.passphrase ?? unlock.passphrases[0];
  if (ring.files.rootKeyPlace(ring.name) === 'here') {
    await ring.stage('root', pem);
  } else if (passphrase !== undefined) {
    await ring.stageSealedRoot(await seal(pem, passphrase, key.id));
  } else {
    throw new DepotError('bad-request', `the new root key of ${ring.name} must be put under a passphrase`, {
      hint: `depot keys rotate ${ring.name} --role root --root-key FILE --passphrase-file FILE`,
      retry: 'never',
    });
  }
  return key;
}
