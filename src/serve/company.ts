import { directoryName, documentsFor } from '../model/company.js';
import { isMetadataName, metadataName } from '../model/metadata.js';
import { sha256 } from '../model/sha256.js';
import type { Store } from '../store/store.js';
import { replyBytes, replyMessage, type Exchange } from './reply.js';

/**
 * Answers with a file of the company's directory: signed metadata to everybody, a document only to a depot that it
 * concerns, so that nobody learns which repositories others have. False where there is none for this child.
 */
export async function replyCompany(exchange: Exchange, store: Store, file: string, site: string): Promise<boolean> {
  const bytes = isMetadataName(file) ? store.signed.read(directoryName, file) : documentFor(store, file, site);
  if (bytes === undefined) return false;
  // All but the timestamp bear their version or hash in their name.
  if (file === metadataName('timestamp')) replyMessage(exchange, Buffer.from(bytes), `"${sha256(bytes)}"`);
  else await replyBytes(exchange, bytes, 'application/json');
  return true;
}

function documentFor(store: Store, file: string, site: string): Uint8Array | undefined {
  const targets = store.signed.held(directoryName)?.targets;
  const isForSite = targets !== undefined && documentsFor(site, targets).some((document) => document.file === file);
  return isForSite ? store.company.read(file) : undefined;
}
