import { Agent, request } from 'node:https';
import { beforeAll, describe, expect, it } from 'vitest';
import { afterTheLast } from '../harness/temporary.js';
import { realHost } from '../../src/host.js';
import { boundaryLevel } from '../../src/manifest/boundary.js';
import { childPages } from '../../src/manifest/page.js';
import { documentsFor } from '../../src/model/company.js';
import type { HeadFile } from '../../src/model/head.js';
import { isWithin } from '../../src/model/names.js';
import { demandsHash } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import type { ReportRow } from '../../src/model/report-row.js';
import type { TlsMaterial } from '../../src/protocol/tls.js';
import { DirectoryHolder } from '../../src/publish/directory.js';
import { certificateAuthority, judging } from '../harness/certificates.js';
import { hosted, type Hosted } from '../serve/hosted.js';
import { usualLifetimes } from '../harness/lifetimes.js';

const authority = await certificateAuthority();
const origin = await authority.issue('origin', 'enterprise');

/** Depots by their sites, and repositories by their contexts. */
const sites = {
  enterprise: 'enterprise',
  germany: 'enterprise/germany',
  munich: 'enterprise/germany/munich',
  france: 'enterprise/france',
} as const;
type Place = keyof typeof sites;
const places = Object.keys(sites) as Place[];

const shared = 'the same bytes in two repositories';
const pageEnds = Array.from({ length: 2_000 }, (_, n) => `page-${n}`).filter((path) => boundaryLevel(path) >= 0);

const contentOf = (place: Place, state: string): Record<string, string> => ({
  own: `secret of ${place}`,
  shared,
  state,
  ...Object.fromEntries(pageEnds.slice(0, 3).map((path) => [path, `${path} of ${place}`])),
});

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A depot that asks with its certificate; the path goes out as it stands. */
function asking(url: string, depot: string, site: string, material: TlsMaterial) {
  const { hostname, port } = new URL(url);
  const { key, chain } = material;
  const agent = new Agent({ key, cert: chain, ca: [...material.anchors], checkServerIdentity: () => undefined });
  return (path: string, { method = 'GET', body, headers = {} }: Asked = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const who = { 'depotd-depot': depot, 'depotd-site': site, ...headers };
      const asked = request({ hostname, port, path, method, headers: who, agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('latin1') }),
        );
      });
      asked.on('error', reject).end(body);
    });
}

const whenDone = afterTheLast();
let depot: Hosted;
const heads = new Map<Place, readonly [HeadFile, HeadFile]>();
const ask = {} as Record<Place, ReturnType<typeof asking>>;
let documents: readonly { readonly path: string; readonly context: string | null }[];

async function start(): Promise<void> {
  const self = { depot: 'origin', site: 'enterprise' };
  depot = await hosted(self, undefined, { tls: { material: () => origin, judge: judging() } }, whenDone);
  const { store, directory } = depot;
  directory.splice(0);
  const holder = new DirectoryHolder(store, realHost, 'enterprise', () => usualLifetimes);
  await holder.found({ anchors: [authority.root], revoked: [], graceMs: 0 });
  for (const place of places) {
    const named = { name: place, kind: 'mirror', context: sites[place], master: 'origin' } as const;
    directory.push(named);
    await holder.enrol({ ...named, root: sha256(place) });
    const first = await depot.publish(place, contentOf(place, '1'));
    heads.set(place, [first, await depot.publish(place, contentOf(place, '2'))]);
    const name = `${place}-1`;
    ask[place] = asking(depot.url, name, sites[place], await authority.issue(name, sites[place]));
  }
  const targets = store.signed.held('.directory')?.targets ?? Buffer.alloc(0);
  documents = documentsFor('enterprise', targets).map(({ file, context }) => ({
    path: `/v1/directory/metadata/${file}`,
    context,
  }));
}

function headsOf(place: Place): readonly [HeadFile, HeadFile] {
  const pair = heads.get(place);
  if (pair === undefined) throw new Error(`nothing published at ${place}`);
  return pair;
}

/** The paths of what a repository has, under the name of that or another one; a page only after the root that lists it. */
function pathsOf(owner: Place, name: string = owner): Record<string, string> {
  const [older, newer] = headsOf(owner);
  const { root } = newer.head;
  const leaf = childPages(depot.store.pages.read(root), root)[0]?.sha256 ?? '';
  const at = `/v1/repositories/${name}`;
  return {
    state: `${at}/state`,
    metadata: `${at}/metadata/2.targets.json`,
    'older metadata': `${at}/metadata/1.targets.json`,
    difference: `${at}/manifests/${root.sha256}.from.${older.head.root.sha256}`,
    'object of its own': `${at}/objects/${sha256(`secret of ${owner}`)}`,
    'object that others have, too': `${at}/objects/${sha256(shared)}`,
    'root page': `${at}/pages/${root.sha256}`,
    'page below it': `${at}/pages/${leaf}`,
  };
}

/** In the order of the paths. */
async function statuses(
  place: Place,
  paths: Record<string, string>,
  asked: Asked = {},
): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [kind, path] of Object.entries(paths)) found[kind] = (await ask[place](path, asked)).status;
  return found;
}

const all = (paths: Record<string, string>, status: number): Record<string, number> =>
  Object.fromEntries(Object.keys(paths).map((kind) => [kind, status]));

const pairs = places.flatMap((place) => places.map((owner) => [place, owner] as const));
const outside = pairs.filter(([place, owner]) => !isWithin(sites[place], sites[owner]));

describe('authorisation', () => {
  beforeAll(start);

  it.each(pairs)('of a depot in %s for the repository of %s is by its context alone', async (place, owner) => {
    const may = isWithin(sites[place], sites[owner]);
    const paths = pathsOf(owner);
    expect(await statuses(place, paths)).toEqual(all(paths, may ? 200 : 404));
    expect(await statuses(place, paths, { method: 'HEAD' })).toEqual(all(paths, may ? 200 : 404));
  });

  it.each(outside)('of a depot in %s tells nothing that betrays the repository of %s', async (place, owner) => {
    const real = Object.values(pathsOf(owner));
    const invented = Object.values(pathsOf(owner, 'invented'));
    for (const [at, path] of real.entries()) {
      const { body } = await ask[place](path);
      expect(body.replaceAll(owner, 'NAME')).toBe(
        (await ask[place](invented[at] ?? '')).body.replaceAll('invented', 'NAME').replaceAll(owner, 'NAME'),
      );
    }
    expect((await ask[place]('/v1/directory')).body).not.toContain(`"${owner}"`);
  });

  it.each(outside)(
    'of a depot in %s gives nothing of %s under the name of a repository that it may have',
    async (place, owner) => {
      const { 'object that others have, too': both, ...foreign } = pathsOf(owner, 'enterprise');
      const { state: _, metadata: _m, 'older metadata': _o, ...byHash } = foreign;
      // Those who may have it have asked before: its pages are known, its difference is made.
      await statuses(owner, pathsOf(owner));
      expect(await statuses(place, byHash)).toEqual(all(byHash, 404));
      expect((await ask[place](both ?? '')).status).toBe(200);
    },
  );

  it.each(outside)('of a depot in %s is the same in whatever spelling it asks for %s', async (place, owner) => {
    const spellings = Object.values(pathsOf(owner)).flatMap((path) => [
      path.replace('/repositories/', '/repositories/enterprise/../'),
      path.replace('/repositories/', '/repositories/enterprise/%2e%2e/'),
      path.replace('/repositories/', '/repositories/enterprise%2f..%2f'),
      path.replace('/repositories/', '/repositories//'),
      path.replace('/repositories/', '/repositories/./'),
      path.replace('/v1/', '/v1/../v1/'),
      path.replace(
        owner,
        encodeURIComponent(owner).replace(/^./, (first) => `%${first.charCodeAt(0).toString(16)}`),
      ),
      path.replace(owner, owner.toUpperCase()),
      `${path}/`,
      `${path}?x=1`,
      `${path}%00`,
      `${path};x`,
      path.replaceAll('/', '\\'),
      `${depot.url}${path}`,
    ]);
    for (const path of spellings) {
      const { status, body } = await ask[place](path);
      expect([400, 404], path).toContain(status);
      expect(body).not.toContain(`secret of ${owner}`);
    }
  });

  it.each(places)('of a depot in %s for documents of the directory is for those of its own line', async (place) => {
    for (const { path, context } of documents) {
      const concerns = context === null || isWithin(sites[place], context) || isWithin(context, sites[place]);
      expect([context, (await ask[place](path)).status]).toEqual([context, concerns ? 200 : 404]);
    }
  });

  it.each(places)('is lost by a depot in %s that claims to be elsewhere, or another', async (place) => {
    const others = places.filter((other) => other !== place).map((other) => ({ 'depotd-site': sites[other] }));
    for (const headers of [...others, { 'depotd-depot': 'another' }]) {
      for (const owner of places) {
        const paths = pathsOf(owner);
        expect(await statuses(place, paths, { headers })).toEqual(all(paths, 403));
      }
      expect((await ask[place]('/v1/directory', { headers })).status).toBe(403);
      expect((await ask[place]('/v1/report', { method: 'POST', body: '{}', headers })).status).toBe(403);
    }
  });
});

describe('a report', () => {
  beforeAll(start);

  const atMs = Date.now();
  const row = (name: string, site: string, after: number): ReportRow => ({
    depot: name,
    site,
    parent: null,
    version: '0.1.0',
    at: new Date(atMs + after).toISOString(),
    repositories: [],
  });
  const report = async (place: Place, ...rows: ReportRow[]): Promise<number> => {
    const body = JSON.stringify({ rows, demand: { hash: demandsHash({}), repositories: {} } });
    return (await ask[place]('/v1/report', { method: 'POST', body })).status;
  };
  const sitesTold = (): Record<string, string> =>
    Object.fromEntries(depot.store.reports.below().map(({ depot: name, site }) => [name, site]));

  it('of depots beside the sender or above it is refused, and of none of them anything is kept', async () => {
    expect(await report('munich', row('germany-1', sites.germany, 0))).toBe(403);
    expect(await report('munich', row('munich-1', sites.munich, 0), row('france-1', sites.france, 0))).toBe(403);
    expect(sitesTold()).toEqual({});
  });

  it('does not take the row of a depot that stands elsewhere, nor keep the rest of the report from being read', async () => {
    expect(
      await report('france', row('france-1', sites.france, -9_000), row('paris-1', 'enterprise/france/paris', -9_000)),
    ).toBe(200);
    const claims = [
      row('france-1', sites.munich, -8_000),
      row('paris-1', sites.munich, -8_000),
      row('munich-1', sites.munich, -8_000),
    ];
    expect(await report('germany', ...claims)).toBe(200);
    expect(sitesTold()).toEqual({
      'france-1': sites.france,
      'paris-1': 'enterprise/france/paris',
      'munich-1': sites.munich,
    });
    expect(await report('france', row('paris-1', 'enterprise/france/lyon', -1))).toBe(200);
    expect(sitesTold()).toMatchObject({ 'paris-1': 'enterprise/france/lyon' });
  });

  it('of a neighbour does not take the row of a depot that speaks for itself', async () => {
    expect(await report('munich', row('munich-1', sites.munich, -4_000))).toBe(200);
    expect(await report('germany', { ...row('munich-1', sites.munich, -1), version: 'forged' })).toBe(200);
    expect(depot.store.reports.below()).not.toContainEqual(expect.objectContaining({ version: 'forged' }));
  });

  it('sets the demand of its sender only, under the site of the certificate', async () => {
    await report('munich');
    const told = depot.store.demands.list().map(({ child, site }) => [child, site]);
    expect(told).toContainEqual(['munich-1', sites.munich]);
    for (const [child, site] of told) expect(Object.entries(sites)).toContainEqual([child?.replace('-1', ''), site]);
  });
});
