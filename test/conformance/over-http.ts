import { DepotError } from '../../src/model/errors.js';
import type { TufSource } from '../../src/trust/source.js';

/** A TUF repository on a web server. */
export function overHttp(metadataUrl: string, targetUrl: string): TufSource {
  return {
    metadata: (name, maxBytes) => get(below(metadataUrl, name), maxBytes),
    target: (path, maxBytes) => get(below(targetUrl, path), maxBytes),
  };
}

function below(url: string, name: string): string {
  return `${url.replace(/\/$/, '')}/${name}`;
}

/** At most one chunk more than `maxBytes`, so that the reader sees that it was too much. */
async function get(url: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const answer = await fetch(url);
  if (answer.status === 404 || answer.status === 403) {
    await answer.body?.cancel();
    return undefined;
  }
  if (!answer.ok || answer.body === null) {
    throw new DepotError('parent-answer', `${url} answered ${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break; // which cancels the rest
  }
  return Buffer.concat(chunks);
}
