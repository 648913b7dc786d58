import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CycleResult } from '../../src/model/cycle-status.js';
import type { DepotStatus } from '../../src/model/status.js';
import type { ControlApi, LongWork } from '../../src/serve/control-api.js';
import { controlClient } from '../../src/serve/control-client.js';
import type { Cluster, Depots, DepotSettings, RepositorySettings, Transport } from '../harness/cluster.js';
import type { Depot } from '../harness/depot.js';
import { temporaryCluster, type WhenDone } from '../harness/temporary.js';
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

type Level = keyof typeof sites;

/** Settings beyond those that every chain has. */
type Settings<Levels extends Level> = { readonly [level in Levels]?: Readonly<Record<string, unknown>> };

/** The content of a source, or what makes it. */
type Content = Tree | ((source: string) => Promise<void>);

/** Two levels, and the source of the one repository, `tools`, that goes through them. */
export interface Pair {
  readonly cluster: Cluster;
  readonly source: string;
  readonly origin: Depot;
  readonly region: Depot;
}

/** Three levels. */
export interface Chain extends Pair {
  readonly branch: Depot;
}

/** Starts origin and region. Nothing has been polled yet; what the source holds has been published. */
export async function startPair(
  content: Content,
  settings: Settings<'origin' | 'region'> = {},
  whenDone: WhenDone = onTestFinished,
  transport?: Transport,
): Promise<Pair> {
  return start(content, ({ origin, region }) => ({ origin, region }), settings, whenDone, transport);
}

/** The same with a branch below the region. */
export async function startChain(
  content: Content,
  settings: Settings<Level> = {},
  whenDone: WhenDone = onTestFinished,
): Promise<Chain> {
  const pair = await start(content, (depots) => depots, settings, whenDone);
  return { ...pair, branch: pair.cluster.depot('branch') };
}

async function start(
  content: Content,
  choose: (depots: Readonly<Record<Level, DepotSettings>>) => Depots,
  settings: Settings<Level>,
  whenDone: WhenDone,
  transport?: Transport,
): Promise<Pair> {
  const cluster = await temporaryCluster(
    async (folder) => {
      const source = join(folder, 'source');
      await (typeof content === 'function' ? content(source) : tree(source, content));
      return choose({
        origin: { site: sites.origin, repositories: { tools: mirror(source) }, ...settings.origin },
        region: { site: sites.region, parent: 'origin', ...settings.region },
        branch: { site: sites.branch, parent: 'region', ...settings.branch },
      });
    },
    whenDone,
    transport,
  );
  const [origin, region] = [cluster.depot('origin'), cluster.depot('region')];
  await publish(origin);
  return { cluster, source: join(cluster.folder, 'source'), origin, region };
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

/** Polls for all repositories, with those that become known by it; they must not fail. */
export async function pollAll(depot: Depot): Promise<readonly CycleResult[]> {
  const { cycles } = await control(depot).poll(null, { ...patiently, wait: true });
  const failed = cycles?.find(({ error }) => error !== null);
  if (failed !== undefined) throw new Error(`${depot.name}: ${failed.error?.message}\n${depot.log()}`);
  return cycles ?? [];
}

/** What `depot status --json` says. */
export function statusOf(depot: Depot): Promise<DepotStatus> {
  return control(depot).status({ tree: false });
}

/** Scans the source, puts the repository into the company's directory, and gives the generation that it is now. */
export async function publish(depot: Depot, repository = 'tools'): Promise<number> {
  const how = { ...patiently, wait: true, dryRun: false, acceptSource: false };
  const result = await control(depot).publish(repository, how);
  if (result?.generation == null || result.refused !== null) throw new Error(`not published: ${result?.refused}`);
  if (depot.url.startsWith('https:')) await control(depot).trust.enroll(repository);
  return result.generation;
}
