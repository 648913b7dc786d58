import type { TrustedFiles } from '../model/metadata.js';
import { commonFields, parseRoot, parseTargets, roles } from './metadata.js';
import { refusal } from './refusal.js';
import type { TufSource } from './source.js';
import { openWorkflow, type UpdateOptions, type Verified } from './updater.js';

/** All four files, and the roots that led to the newest, oldest first. */
export interface Refreshed extends Verified {
  readonly files: Required<TrustedFiles>;
}

export interface RefreshOptions extends UpdateOptions {
  /**
   * Told, when the refresh fails, of what had passed until then. A new root should be kept even so: it may revoke the
   * very keys that signed what follows (TUF 5.3.8).
   */
  readonly partly?: (verified: Verified) => void;
}

/**
 * Brings the newest metadata of a source, verified from the root that is held (TUF section 5, README section 1.5). What is
 * held is never changed: the caller switches the files, all together.
 * @throws DepotError what the source threw, as it was; `head-refused` with the attack or fault in plain words;
 * `head-expired`, by the system's clock.
 */
export async function refreshMetadata(
  held: TrustedFiles,
  source: TufSource,
  options: RefreshOptions,
): Promise<Refreshed> {
  const workflow = await openWorkflow(held, source, options);
  try {
    await workflow.run((updater) => updater.refresh());
    const { files, newRoots } = await workflow.verified();
    return { files: complete(files), newRoots };
  } catch (error) {
    options.partly?.(await workflow.verified());
    throw error;
  }
}

/**
 * Whether the bytes are targets metadata signed by enough of the targets keys of a trusted root. Version and expiry do not
 * matter (README section 1.6).
 * @throws DepotError `head-refused`
 */
export function verifyOlderTargets(root: Uint8Array, bytes: Uint8Array): void {
  const older = parseTargets(bytes);
  try {
    parseRoot(root).verifyDelegate('targets', older);
  } catch (error) {
    const file = `${older.signed.version}.targets.json`;
    throw refusal(error, { subject: 'an older generation', file, expiredAtMs: () => undefined });
  }
}

/** Whether the targets keys of a root have signed these bytes: not so after a rotation, until the next version. */
export function isSignedBy(root: Uint8Array, targets: Uint8Array): boolean {
  try {
    verifyOlderTargets(root, targets);
    return true;
  } catch {
    return false;
  }
}

/** A workflow that passed has all four. An expiry that is no date never comes, so it is refused here. */
function complete({ root, timestamp, snapshot, targets }: TrustedFiles): Required<TrustedFiles> {
  if (timestamp === undefined || snapshot === undefined || targets === undefined) {
    throw new TypeError('tuf-js refreshed, and left a role out');
  }
  const files = { root, timestamp, snapshot, targets };
  for (const role of roles) commonFields(role, files[role]);
  return files;
}
