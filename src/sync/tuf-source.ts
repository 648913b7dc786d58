import { isMetadataName, readMetadataName } from '../model/metadata.js';
import type { TufSource } from '../trust/source.js';

/** Of a file of signed metadata, in bytes. The list of the directory's documents is the largest. */
const maxMetadataBytes = 4 * 1024 * 1024;

/**
 * A parent as the client workflow of TUF reads it.
 * @param newestRoot the newest root version that the parent told of: it needs not be asked for the one after it
 */
export function sourceOf(
  newestRoot: number,
  fetch: (file: string, maxBytes: number) => Promise<Uint8Array | undefined>,
): TufSource {
  return {
    async metadata(name, maxBytes) {
      if (!isMetadataName(name)) return undefined;
      const { role, version = 0 } = readMetadataName(name);
      if (role === 'root' && version > newestRoot) return undefined;
      return fetch(name, Math.min(maxBytes, maxMetadataBytes));
    },
    target: (path, maxBytes) => fetch(path, maxBytes),
  };
}
