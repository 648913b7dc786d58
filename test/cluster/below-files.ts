import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { countedLine, type CountedLine } from '../bench/counted-line.js';
import { noise } from '../encoding/noise.js';
import type { Depot } from '../harness/depot.js';
import { freePorts } from '../harness/port.js';
import { temporaryCluster } from '../harness/temporary.js';
import { bytes, tree } from '../harness/tree.js';
import { control, mirror, publish, sites, statusOf } from './chain.js';
import { layOut, plainServer, type PlainServer } from './laid-out.js';

export interface Child {
  readonly depot: Depot;
  /** Between it and the server. */
  readonly line: CountedLine;
}

export interface Setting {
  readonly source: string;
  readonly server: PlainServer;
  readonly children: readonly Child[];
}

/** An origin that is gone, plain files in its place, and depots below them that have heard nothing yet, each on a line of its own. */
export async function startBelowFiles(size: number, rates: readonly string[]): Promise<Setting> {
  const ports = await freePorts(rates.length);
  const names = rates.map((_, at) => `region-${at}`);
  const cluster = await temporaryCluster(async (folder) => {
    const source = join(folder, 'source');
    await tree(source, {
      image: bytes(noise(size, 1, size)),
      'docs/readme': 'read me',
      'bin/tool': 'tool '.repeat(100),
    });
    const below = names.map((name, at) => {
      const network = { otherwise: rates[at] };
      return [name, { site: sites.region, parent: `https://127.0.0.1:${ports[at]}`, network }] as const;
    });
    return {
      origin: { site: sites.origin, repositories: { tools: mirror(source) } },
      ...Object.fromEntries(below),
    };
  });
  const origin = cluster.depot('origin');
  await publish(origin);
  const folder = join(cluster.folder, 'files');
  await layOut(origin, cluster.depot(names[0] ?? ''), 'tools', folder);
  await origin.stop();
  const server = await plainServer(origin, folder);
  const children = await Promise.all(
    names.map(async (name, at) => {
      const line = await countedLine(server.port, undefined, ports[at]);
      onTestFinished(() => line.close());
      return { depot: cluster.depot(name), line };
    }),
  );
  return { source: join(cluster.folder, 'source'), server, children };
}

/** Whatever comes of it: what the directory has becomes known by it. */
export async function begin(depot: Depot): Promise<void> {
  const work = { signal: new AbortController().signal, onEvent: async () => undefined };
  await control(depot).poll(null, { ...work, wait: false });
}

export async function repositoryOf(depot: Depot) {
  return (await statusOf(depot)).repositories[0];
}
