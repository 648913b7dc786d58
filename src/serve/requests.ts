import type { IncomingMessage } from 'node:http';
import { DepotError } from '../model/errors.js';
import { isName, isSite } from '../model/names.js';
import { collect, flowing } from '../protocol/body.js';
import { limits } from '../protocol/limits.js';
import type { Route } from '../protocol/routes.js';
import type { Self } from './scope.js';

/** Who asks, as it says of itself. */
export interface Child {
  readonly depot: string;
  readonly site: string;
}

/** @throws DepotError `bad-request` without a name and a site, `not-allowed` under the name of this depot */
export function identify({ headers }: IncomingMessage, self: Self): Child {
  const depot = String(headers['depotd-depot'] ?? '');
  const site = String(headers['depotd-site'] ?? '');
  if (!isName(depot) || !isSite(site)) {
    throw new DepotError('bad-request', 'a request says who asks, in the headers depotd-depot and depotd-site', {
      hint: 'curl -H "depotd-depot: test" -H "depotd-site: enterprise" ...',
    });
  }
  if (depot === self.depot) {
    throw new DepotError('not-allowed', `this depot has the name ${depot}, too`, {
      hint: 'give each depot a name of its own, and no depot itself as its parent',
    });
  }
  return { depot, site };
}

export function methodsOf(route: Route): readonly string[] {
  return route.name === 'report' ? ['POST'] : ['GET', 'HEAD'];
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

/** @throws DepotError `bad-request` for more than a report may have, `transfer-cut` where it does not come */
export async function readReport(request: IncomingMessage, child: Child): Promise<Buffer> {
  const most = limits.reportBytes;
  const tooLong = new DepotError('bad-request', `report of ${child.depot}: it has more than ${most} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLong;
  const chunks = flowing(request, limits.floor, `report of ${child.depot}`);
  return collect(bounded(chunks, most, tooLong));
}

async function* bounded(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
  tooLong: DepotError,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > most) throw tooLong;
    yield chunk;
  }
}
