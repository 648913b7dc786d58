import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { onTestFinished } from 'vitest';
import { realHost, type Host } from '../../src/host.js';
import { directoryName } from '../../src/model/company.js';
import type { HeadFile } from '../../src/model/head.js';
import { metadataName } from '../../src/model/metadata.js';
import { isWithin } from '../../src/model/names.js';
import { sha256 } from '../../src/model/sha256.js';
import type { CycleResult } from '../../src/model/cycle-status.js';
import { DirectoryHolder } from '../../src/publish/directory.js';
import { finishGeneration, publishGeneration } from '../../src/publish/generation.js';
import { Signer } from '../../src/publish/signer.js';
import { childHandler } from '../../src/serve/children.js';
import { listen } from '../../src/serve/listener.js';
import { Line } from '../../src/protocol/line.js';
import { inlineJobs } from '../../src/store/job.js';
import { Store } from '../../src/store/store.js';
import { Claims } from '../../src/sync/claims.js';
import { runCycle } from '../../src/sync/cycle.js';
import type { SyncDepot } from '../../src/sync/depot.js';
import { Left } from '../../src/sync/left.js';
import { KnownRepositories } from '../../src/sync/known.js';
import { Parents } from '../../src/sync/parents.js';
import { ProgressBoard } from '../../src/sync/progress.js';
import { folderInMemory } from '../harness/temporary.js';
import { readTree, type Tree } from '../harness/tree.js';
import { manifestOf, repository } from '../sync/fixture.js';
import { usualLifetimes } from '../harness/lifetimes.js';

export const site = 'enterprise/germany';

/** Real time, as far ahead as a test says; nobody waits. */
export interface Clock extends Host {
  ahead: number;
}

function newClock(): Clock {
  const clock: Clock = {
    ahead: 0,
    now: () => Date.now() + clock.ahead,
    sleep: () => Promise.resolve(),
    random: realHost.random,
    monotonic: realHost.monotonic,
  };
  return clock;
}

async function openStore(host: Host): Promise<Store> {
  const store = Store.open(await folderInMemory(), { now: () => host.now() });
  onTestFinished(() => store.close());
  return store;
}

/** The company's origin: a store, the keys of `tools` and of the directory, and a listener for children. */
export interface Origin {
  readonly store: Store;
  readonly clock: Clock;
  readonly directory: DirectoryHolder;
  readonly url: string;
  publish(literal: Tree): Promise<HeadFile>;
}

export async function newOrigin(context = 'enterprise'): Promise<Origin> {
  const clock = newClock();
  const store = await openStore(clock);
  const signer = new Signer(store, clock, repository, () => usualLifetimes);
  const directory = new DirectoryHolder(store, clock, 'enterprise', () => usualLifetimes);
  await directory.found({ anchors: ['a certificate'], revoked: [], graceMs: 0 });
  const listed = [{ name: repository, kind: 'mirror' as const, context, master: 'origin' }];
  const served = { store, run: inlineJobs(store), depot: 'origin', site: 'enterprise', directory: () => listed };
  const listener = await listen({ host: '127.0.0.1', port: 0 }, childHandler({ ...served, now: () => clock.now() }));
  onTestFinished(() => listener.close(0));
  return {
    store,
    clock,
    directory,
    url: listener.url,
    async publish(literal) {
      const root = await manifestOf(store, literal);
      const head = await publishGeneration(store, clock, signer, repository, { context, kind: 'mirror' }, root);
      finishGeneration(store, head);
      const first = sha256(store.signed.read(repository, metadataName('root', 1)) ?? '');
      await directory.enrolOwn({ name: repository, kind: 'mirror', context, master: 'origin', root: first });
      return head;
    },
  };
}

/** An answer on its way to the child. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | AsyncIterable<Uint8Array>;
}

/** What a parent with altered code makes of an honest answer; undefined: it hangs up. */
export type Altering = (path: string, answer: HonestAnswer) => Promise<Answer | undefined> | Answer | undefined;

export type HonestAnswer = Answer & { readonly body: Buffer };

/** A parent that passes on what another depot answers, and alters it as the test says. */
export interface MiddleDepot {
  readonly url: string;
  readonly asked: string[];
  alter: Altering | undefined;
}

export async function middleDepot(above: { readonly url: string }): Promise<MiddleDepot> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const path = request.url ?? '/';
      asked.push(path);
      const body = request.method === 'POST' ? await Readable.toWeb(request).getReader().read() : undefined;
      const headers = request.headers as Record<string, string>;
      const { host: _host, connection: _, 'content-length': _length, ...passed } = headers;
      const post = body === undefined ? {} : { method: 'POST', body: body.value as Uint8Array<ArrayBuffer> };
      const from = await fetch(new URL(path, above.url), { headers: passed, ...post });
      const honest = { status: from.status, headers: Object.fromEntries(from.headers) };
      const whole = { ...honest, body: Buffer.from(await from.arrayBuffer()) };
      const said = middle.alter === undefined ? whole : await middle.alter(path, whole);
      if (said === undefined) return void response.destroy();
      const { connection: _kept, 'keep-alive': _alive, ...told } = said.headers;
      response.writeHead(said.status, told);
      await pipeline(Readable.from(Buffer.isBuffer(said.body) ? [said.body] : said.body), response);
    };
    answer().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const middle: MiddleDepot = { url, asked, alter: undefined };
  return middle;
}

/** A depot that has joined the company, unless a test says otherwise, and takes `tools` from its parents, in the order given. */
export interface ChildDepot {
  readonly store: Store;
  readonly clock: Clock;
  readonly depot: SyncDepot;
  cycle(): Promise<CycleResult>;
  tree(): Promise<Tree>;
}

export async function newChild(
  origin: Origin,
  parents: readonly { readonly url: string }[],
  { hasJoined = true } = {},
): Promise<ChildDepot> {
  const clock = newClock();
  const store = await openStore(clock);
  const pinned = origin.store.signed.read(directoryName, metadataName('root', 1));
  if (hasJoined) await store.signed.pin(directoryName, 1, pinned ?? Buffer.alloc(0));
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const asks = new Parents({ depot: 'germany-1', site, version: '0.1.0' }, clock, log);
  onTestFinished(() => asks.close());
  asks.configure(
    parents.map(({ url }) => ({ url, repositories: null })),
    null,
  );
  const enrolled = () => store.company.get(site)?.repositories.filter(({ context }) => isWithin(site, context));
  const depot: SyncDepot = {
    name: 'germany-1',
    site,
    version: '0.1.0',
    store,
    run: inlineJobs(store),
    host: clock,
    log,
    parents: asks,
    line: new Line(clock, () => ({ rate: 'unlimited', urgentRate: null, frame: null, opens: null, rank: () => 0 })),
    known: new KnownRepositories(join(store.layout.metadata, '.known.json'), enrolled),
    board: new ProgressBoard(clock),
    claims: new Claims(),
    onKnown: () => undefined,
    onCompany: () => undefined,
    onDue: () => undefined,
    left: new Left(() => depot),
    forecasts: async () => new Map(),
    settings: () => ({
      follow: 'all',
      holdAbove: { files: null, percent: null },
      published: [],
      whole: [],
      pollEveryMs: () => 60_000,
      contentEveryMs: () => null,
    }),
  };
  return {
    store,
    clock,
    depot,
    cycle: () => runCycle(depot, repository, AbortSignal.timeout(30_000)),
    tree: () => readTree(store.layout.tree(repository)).catch(() => ({})),
  };
}
