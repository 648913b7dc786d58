import type { Role } from '../model/metadata.js';
import type { KeysChange, KeysStatus, ProtectedKey } from '../model/trust-status.js';

/** What opens root keys: texts of key files that are not on the machine, and passphrases of those that are sealed. */
export interface BroughtKeys {
  readonly keys: readonly string[];
  readonly passphrases: readonly string[];
}

/**
 * The part of what a person can ask of a daemon that is about the keys that sign what is published here. `repository` may be
 * `.directory`. Secrets are in the bodies of requests only, which nobody keeps.
 */
export interface KeysApi {
  list(): Promise<KeysStatus>;
  /** Puts the root key under a passphrase, which is null where that was done before. */
  protect(repository: string, passphrase: string | null): Promise<ProtectedKey>;
  /** Removes a sealed root key from the machine, of which whoever asks has a copy. @param sha256 of that */
  forget(repository: string, sha256: string): Promise<{ readonly repository: string }>;
  /** Replaces the keys of these roles, and signs anew with them. */
  rotate(repository: string, roles: readonly Role[], brought: BroughtKeys): Promise<KeysChange>;
  /** Adds a root key, given as PEM, and says how many signatures a root needs from now on. */
  add(repository: string, key: string, threshold: number, brought: BroughtKeys): Promise<KeysChange>;
}
