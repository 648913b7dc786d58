import { directoryName } from '../model/company.js';
import { DepotError } from '../model/errors.js';
import type { Role } from '../model/metadata.js';
import { sha256 } from '../model/sha256.js';
import type { KeysChange, KeysStatus, ProtectedKey } from '../model/trust-status.js';
import type { Signer } from '../publish/signer.js';
import { keysStatus } from '../serve/keys.js';
import type { BroughtKeys, KeysApi } from '../serve/keys-api.js';
import { sealedRootKey } from '../store/keys.js';
import { requireRegistry } from './membership.js';
import type { RunningDepot } from './running-depot.js';

/** Who signs something, and signs it anew when the keys are others. */
interface Holder {
  readonly signer: Signer;
  signAgain(): Promise<number | null>;
}

/** What `depot keys` asks of a running daemon. */
export class KeysControl implements KeysApi {
  constructor(private readonly depot: RunningDepot) {}

  async list(): Promise<KeysStatus> {
    const { store, mastery } = this.depot;
    return keysStatus(
      store,
      mastery.published.map(({ name }) => name),
    );
  }

  async protect(repository: string, passphrase: string | null): Promise<ProtectedKey> {
    const { keyId, sealed } = await this.holder(repository).signer.protect(passphrase);
    this.depot.log.info({ repository, keyId }, `the root key of ${repository} is under a passphrase`);
    return { repository, keyId, sealed };
  }

  async forget(repository: string, expected: string): Promise<{ readonly repository: string }> {
    const { keys } = this.depot.store;
    this.holder(repository);
    const sealed = keys.read(repository, sealedRootKey);
    if (sealed === undefined || sha256(sealed) !== expected) {
      throw new DepotError('bad-request', `the copy is not of the root key of ${repository} that is here: it stays`, {
        retry: 'never',
      });
    }
    keys.remove(repository, sealedRootKey);
    this.depot.log.warn({ repository }, `the root key of ${repository} was taken off this machine`);
    return { repository };
  }

  rotate(repository: string, roles: readonly Role[], brought: BroughtKeys): Promise<KeysChange> {
    return this.change(repository, roles, (signer) => signer.rotate(roles, brought));
  }

  add(repository: string, key: string, threshold: number, brought: BroughtKeys): Promise<KeysChange> {
    return this.change(repository, ['root'], (signer) => signer.addRootKey(key, threshold, brought));
  }

  private async change(
    repository: string,
    roles: readonly Role[],
    act: (signer: Signer) => Promise<number>,
  ): Promise<KeysChange> {
    const holder = this.holder(repository);
    const root = await act(holder.signer);
    const generation = await holder.signAgain();
    const rootKey = this.depot.store.keys.rootKeyPlace(repository) ?? 'elsewhere';
    this.depot.log.warn({ repository, roles, root, generation }, `${repository} has other keys: root ${root}`);
    return { repository, roles, root, generation, rootKey };
  }

  /** @throws DepotError `not-found` where nothing of that name is signed here */
  private holder(repository: string): Holder {
    if (repository === directoryName) return requireRegistry(this.depot.membership).directory;
    return this.depot.publishers.get(repository);
  }
}
