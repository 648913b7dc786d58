import type { TrustedFiles } from '../model/metadata.js';
import { withScratchFolder } from '../store/scratch-folder.js';
import type { SignedFiles, SignedSet } from '../store/signed-files.js';
import { refreshMetadata } from '../trust/refresh.js';
import type { TufSource } from '../trust/source.js';

/**
 * Verifies the newest metadata of a source; nothing of it is kept but new roots, and these also where the rest fails: they
 * may revoke the very keys that signed what follows (TUF specification 5.3.8).
 * @param name the repository, or the directory
 * @throws DepotError `head-refused`, `head-expired`, or what the source threw
 */
export async function verifyNewest(
  signed: SignedFiles,
  name: string,
  held: TrustedFiles,
  source: TufSource,
  subject: string,
): Promise<SignedSet> {
  let roots: SignedSet['newRoots'] = [];
  try {
    return await withScratchFolder((scratch) =>
      refreshMetadata(held, source, { scratch, subject, partly: ({ newRoots }) => (roots = newRoots) }),
    );
  } catch (error) {
    const isPinned = signed.rootVersions(name).length > 0;
    for (const { version, bytes } of isPinned ? roots : []) await signed.pin(name, version, bytes);
    throw error;
  }
}
