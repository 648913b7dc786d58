import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { DepotError } from '../model/errors.js';
import { isName, isSite } from '../model/names.js';
import { collect, flowing } from '../protocol/body.js';
import { limits } from '../protocol/limits.js';
import { printable } from '../protocol/answers.js';
import type { Route } from '../protocol/routes.js';
import type { Peer } from '../protocol/tls.js';
import type { Self } from './scope.js';

/** Who asks. */
export interface Child {
  readonly depot: string;
  readonly site: string;
  /** By its certificate; otherwise it is what it says of itself. */
  readonly authenticated: boolean;
  /** Of that certificate. */
  readonly serial: string | undefined;
}

/**
 * @param peer the holder of the certificate that the request came with; undefined on a plain listener
 * @throws DepotError `bad-request` without a name and a site, `not-allowed` under the name of this depot, or under another
 * name or site than those of the certificate
 */
export function identify(request: IncomingMessage, peer: Peer | undefined, self: Self): Child {
  const child = peer === undefined ? claimed(request) : certified(request, peer);
  const { depot } = child;
  if (depot === self.depot) {
    throw new DepotError('not-allowed', `this depot has the name ${depot}, too`, {
      hint: 'give each depot a name of its own, and no depot itself as its parent',
    });
  }
  return child;
}

function claimed({ headers, socket }: IncomingMessage): Child {
  // The listener sees to it; a claim must not pass where it does not.
  if (socket instanceof TLSSocket) throw new DepotError('certificate-refused', 'a depot shows its certificate here');
  const depot = String(headers['depotd-depot'] ?? '');
  const site = String(headers['depotd-site'] ?? '');
  if (!isName(depot) || !isSite(site)) {
    throw new DepotError('bad-request', 'a request says who asks, in the headers depotd-depot and depotd-site', {
      hint: 'curl -H "depotd-depot: test" -H "depotd-site: enterprise" ...',
    });
  }
  return { depot, site, authenticated: false, serial: undefined };
}

/** A depot that claims to be another one is not answered at all: it was renamed or moved without a new certificate, or lies. */
function certified({ headers }: IncomingMessage, { depot, site, serial }: Peer): Child {
  const claims = { depot: headers['depotd-depot'] ?? depot, site: headers['depotd-site'] ?? site };
  if (claims.depot !== depot || claims.site !== site) {
    const said = printable(`${String(claims.depot)} at ${String(claims.site)}`);
    throw new DepotError('not-allowed', `the certificate is that of ${depot} at ${site}, the request says ${said}`, {
      hint: 'set depot: and site: as they are in the certificate (`depot cert`), or join again under the new ones',
    });
  }
  return { depot, site, authenticated: true, serial };
}

export function methodsOf({ name }: Route): readonly string[] {
  return takesBody(name) ? ['POST'] : ['GET', 'HEAD'];
}

const bodied: ReadonlySet<Route['name']> = new Set([
  'report',
  'bundle',
  'pages',
  'offers',
  'enroll',
  'request',
] as const);

export function takesBody(name: Route['name']): boolean {
  return bodied.has(name);
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

/**
 * All of the body of a request, of at most so many bytes.
 * @throws DepotError `bad-request` for more than that, `transfer-cut` where it does not come
 */
export async function readBody(request: IncomingMessage, most: number, subject: string): Promise<Buffer> {
  const tooLong = new DepotError('bad-request', `${subject}: it has more than ${most} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLong;
  return collect(bounded(flowing(request, limits.floor, subject), most, tooLong));
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
