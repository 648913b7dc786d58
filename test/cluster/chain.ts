import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CycleResult } from '../../src/model/status.js';
import type { ControlApi, LongWork } from '../../src/serve/control-api.js';
import { controlClient } from '../../src/serve/control-client.js';
import type { Cluster, Depots, RepositorySettings } from '../harness/cluster.js';
import type { Depot } from '../harness/depot.js';
import { temporaryCluster } from '../harness/temporary.js';
import { tree, type Tree } from '../harness/tree.js';

export const sites = {
  origin: 'enterprise',
  region: 'enterprise/germany',
  branch: 'enterprise/germany/munich',
} as const;

/** Settings of a repository that is published when the test says so, and not by itself. */
export function mirror(source: string, context: string = sites.origin): RepositorySettings {
  return { kind: 'mirror', context, source, settle: '1h' };
}

/** Three levels, and the source of the one repository, `tools`, that goes through them. */
export interface Chain {
  readonly cluster: Cluster;
  readonly source: string;
  readonly origin: Depot;
  readonly region: Depot;
  readonly branch: Depot;
}

/** Starts origin, region and branch. Nothing has been polled yet; what the source holds has been published. */
export async function startChain(
  content: Tree | ((source: string) => Promise<void>),
  settings: { readonly [level in keyof typeof sites]?: Readonly<Record<string, unknown>> } = {},
  whenDone: (clean: () => Promise<void>) => void = onTestFinished,
): Promise<Chain> {
  const cluster = await temporaryCluster(async (folder) => {
    const source = join(folder, 'source');
    await (typeof content === 'function' ? content(source) : tree(source, content));
    return {
      origin: { site: sites.origin, repositories: { tools: mirror(source) }, ...settings.origin },
      region: { site: sites.region, parent: 'origin', ...settings.region },
      branch: { site: sites.branch, parent: 'region', ...settings.branch },
    } satisfies Depots;
  }, whenDone);
  const [origin, region, branch] = [cluster.depot('origin'), cluster.depot('region'), cluster.depot('branch')];
  await publish(origin);
  return { cluster, source: join(cluster.folder, 'source'), origin, region, branch };
}

/** A running daemon by its control socket: what `depot` would ask it, without a process for each question. */
export function control({ data }: Depot): ControlApi {
  return controlClient({ sockets: [join(data, 'control.sock')], data });
}

const patiently: LongWork = { signal: new AbortController().signal, onEvent: async () => undefined };

/** Polls for one repository, and gives what came of it, whatever that is. */
export async function cycle(depot: Depot, repository = 'tools'): Promise<CycleResult> {
  const { cycles } = await control(depot).poll([repository], { ...patiently, wait: true });
  const [result] = cycles ?? [];
  if (result === undefined) throw new Error(`${depot.name} did not poll for ${repository}\n${depot.log()}`);
  return result;
}

/** Scans the source, and gives the generation that it is now. */
export async function publish(depot: Depot, repository = 'tools'): Promise<number> {
  const how = { ...patiently, wait: true, dryRun: false, acceptSource: false };
  const result = await control(depot).publish(repository, how);
  if (result?.generation == null || result.refused !== null) throw new Error(`not published: ${result?.refused}`);
  return result.generation;
}
