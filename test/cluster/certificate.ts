import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { Depot } from '../harness/depot.js';

/** Key, certificate and trusted root of a depot that has joined, as the options of Node's TLS, whichever side it is on. */
export function certificateOf({ data }: Depot): { readonly key: string; readonly cert: string; readonly ca: string } {
  const read = (name: string): string => readFileSync(join(data, 'keys/.depot', name), 'utf8');
  const pem = read('depot.pem');
  return { key: pem, cert: pem, ca: read('anchors.pem') };
}

/** For a request in the name of a depot. An address says where a depot is, its certificate who it is. */
export function inNameOf(depot: Depot): RequestOptions {
  return { ...certificateOf(depot), checkServerIdentity: () => undefined, agent: false };
}

/** What one depot is answered by another. */
export async function asks(depot: Depot, url: string): Promise<unknown> {
  const asked = request(url, inNameOf(depot)).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return json(answer);
}
