import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { metadataName } from '../../src/model/metadata.js';
import { sha256 } from '../../src/model/sha256.js';
import { ParentClient } from '../../src/protocol/client.js';
import { formatRoute } from '../../src/protocol/routes.js';
import { temporaryFolder } from '../harness/temporary.js';
import { tree } from '../harness/tree.js';
import { answering } from './misbehaving.js';

const content = '0123456789'.repeat(100);
const object = sha256(content);
const directory = { depot: 'origin', site: 'enterprise', repositories: [], company: null };
const state = {
  repository: 'tools',
  head: { generation: 1, sha256: sha256('head') },
  complete: { generation: 1, sha256: sha256('head') },
  metadata: { root: 1, timestamp: 1 },
  company: null,
  directory: sha256(JSON.stringify(directory)),
  depot: 'origin',
};

/** What nginx does with `default_type application/octet-stream`: ETags of its own, ranges, 404 and 405 as HTML. */
async function serve(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = join(root, request.url ?? '');
  const file = await stat(path).catch(() => undefined);
  if (request.method !== 'GET' || file?.isFile() !== true) {
    response.writeHead(file === undefined ? 404 : 405, { 'content-type': 'text/html' }).end('<html>nginx</html>');
    return;
  }
  const isJson = extname(path) === '.json' || /\/(state|directory)$/.test(path);
  const etag = `"${Math.floor(file.mtimeMs).toString(16)}-${file.size.toString(16)}"`;
  const headers = { etag, 'content-type': isJson ? 'application/json' : 'application/octet-stream' };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const isPart = start > 0 && (request.headers['if-range'] ?? etag) === etag;
  const range = { 'content-range': `bytes ${start}-${file.size - 1}/${file.size}` };
  response.writeHead(isPart ? 206 : 200, isPart ? { ...headers, ...range } : headers);
  createReadStream(path, { start: isPart ? start : 0 }).pipe(response);
}

describe('plain files on a static server', () => {
  it('are a parent', async () => {
    const root = await temporaryFolder();
    await tree(root, {
      'v1/directory': JSON.stringify(directory),
      [`.${formatRoute({ name: 'state', repository: 'tools' })}`]: JSON.stringify(state),
      [`.${formatRoute({ name: 'metadata', repository: 'tools', file: metadataName('targets', 1) })}`]: 'head',
      [`.${formatRoute({ name: 'page', repository: 'tools', sha256: object })}`]: 'page',
      [`.${formatRoute({ name: 'object', repository: 'tools', sha256: object })}`]: content,
    });
    const url = await answering((request, response) => void serve(root, request, response));
    const client = new ParentClient({ url, depot: 'munich-1', site: 'enterprise/germany', version: '0.1.0' });
    onTestFinished(() => client.close());

    const first = await client.state('tools');
    if (first === 'unchanged') throw new Error('it was not asked that way');
    expect(first.state).toEqual(state);
    expect(await client.state('tools', first.etag)).toBe('unchanged');
    expect(client.parentDepot).toBeUndefined();
    expect(await client.directory()).toEqual({ hash: state.directory, directory });
    expect(Buffer.from((await client.metadata('tools', metadataName('targets', 1), 100)) ?? '').toString()).toBe(
      'head',
    );
    expect(Buffer.from(await client.page('tools', { sha256: object, length: 4 })).toString()).toBe('page');
    const rest = await client.object('tools', object, content.length, 990);
    let came = '';
    for await (const chunk of rest.chunks) came += Buffer.from(chunk).toString();
    expect([rest.offset, came]).toEqual([990, '0123456789']);
    expect(await client.difference('tools', object, sha256('older'))).toBeUndefined();
    const report = { rows: [], demand: { hash: sha256('') } };
    expect(await client.report(report)).toBeUndefined();
  });
});
