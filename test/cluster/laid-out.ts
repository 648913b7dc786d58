import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { layoutOf } from '../../src/store/layout.js';
import type { Depot } from '../harness/depot.js';
import { certificateOf, inNameOf } from './certificate.js';

/**
 * What a depot serves of a mirror, as plain files below `folder`, laid out as the paths of the protocol.
 * @param child in whose name the two answers are asked for that a depot makes
 */
export async function layOut(depot: Depot, child: Depot, repository: string, folder: string): Promise<void> {
  const layout = layoutOf(depot.data);
  const inside = join(folder, 'v1/repositories', repository);
  await mkdir(inside, { recursive: true });
  await cp(layout.metadataOf(repository), join(inside, 'metadata'), { recursive: true });
  await cp(layout.metadataOf('.directory'), join(folder, 'v1/directory/metadata'), { recursive: true });
  for (const kind of ['pages', 'objects'] as const) {
    for (const part of await readdir(layout[kind])) {
      await cp(join(layout[kind], part), join(inside, kind), { recursive: true });
    }
  }
  const state = `/v1/repositories/${repository}/state`;
  await writeFile(join(folder, state), await bodyOf(depot, child, state));
  await writeFile(join(folder, index), await bodyOf(depot, child, '/v1/directory'));
}

/** What is served at `/v1/directory`, which is a folder, too. */
const index = 'v1/directory/index.json';

async function bodyOf(depot: Depot, child: Depot, path: string): Promise<Buffer> {
  const asked = request(new URL(path, depot.url), inNameOf(child)).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return buffer(answer);
}

export interface PlainServer {
  readonly port: number;
  /** Of each answer with content, the bytes of its body, in the order in which they were asked for. */
  readonly ranges: readonly number[];
}

/** A web server as others have it: it knows files and ranges, and no depots. It shows the certificate of `depot`. */
export async function plainServer(depot: Depot, folder: string): Promise<PlainServer> {
  const ranges: number[] = [];
  const server = createServer(certificateOf(depot), (asked, answer) => {
    serve(folder, asked, answer, ranges).catch(() => answer.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, ranges };
}

/** As nginx does it: ETags of its own, one range, what is refused as HTML. */
async function serve(folder: string, asked: IncomingMessage, answer: ServerResponse, ranges: number[]): Promise<void> {
  const { method, url = '', headers } = asked;
  const path = join(folder, url === '/v1/directory' ? index : url);
  const found = await stat(path).catch(() => undefined);
  if (method !== 'GET' || found?.isFile() !== true) {
    answer.writeHead(method === 'GET' ? 404 : 405, { 'content-type': 'text/html' }).end('<html>nginx</html>');
    return;
  }
  const isJson = extname(path) === '.json' || path.endsWith('/state');
  const etag = `"${Math.floor(found.mtimeMs).toString(16)}-${found.size.toString(16)}"`;
  const usual = { etag, 'content-type': isJson ? 'application/json' : 'application/octet-stream' };
  if (headers['if-none-match'] === etag) {
    answer.writeHead(304, usual).end();
    return;
  }
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = Math.min(last === undefined || last === '' ? Infinity : Number(last), found.size - 1);
  const length = end - start + 1;
  const part = first === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${found.size}` };
  answer.writeHead(first === undefined ? 200 : 206, { ...usual, ...part, 'content-length': length });
  if (url.includes('/objects/')) ranges.push(length);
  createReadStream(path, { start, end }).pipe(answer);
}
