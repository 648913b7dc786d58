import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CycleResult } from '../../src/model/cycle-status.js';
import type { PublishResult } from '../../src/model/publish-status.js';
import { controlClient } from '../../src/serve/control-client.js';
import { layoutOf } from '../../src/store/layout.js';
import { startCluster, type Cluster } from '../harness/cluster.js';
import type { Depot } from '../harness/depot.js';
import { freePort } from '../harness/port.js';
import { differences } from '../harness/tree.js';
import { countedLine, type Traffic } from './counted-line.js';
import { cpuMs } from './processes.js';
import { startRsync, type Rsync } from './rsync.js';
import { writeSource } from './source.js';

export interface Measured<Result> {
  readonly result: Result;
  readonly ms: number;
  /** Of both daemons. */
  readonly cpuMs: number;
  readonly traffic: Traffic;
}

/** An origin with a source of its own, a child of it that has joined, and the daemon of rsync over the same source. */
export interface Pair {
  readonly source: string;
  readonly origin: Depot;
  readonly child: Depot;
  readonly rsync: Rsync;
  /** Both ask the daemon itself, over its socket: no command has to start. */
  publish(): Promise<Measured<PublishResult>>;
  poll(): Promise<Measured<CycleResult>>;
  /** @throws where the copy is not what the source is */
  requireEqual(): Promise<void>;
}

/**
 * Begins with a source of one file that has been published, so that it is known to be above the watch limit. From then
 * on the daemons poll and scan when they are asked to, and not by themselves. `follow` is what the child follows.
 */
export async function withPair<Result>(
  folder: string,
  work: (pair: Pair) => Promise<Result>,
  follow: unknown = 'all',
): Promise<Result> {
  const source = join(folder, 'source');
  writeSource(source, 1);
  const port = await freePort();
  let cluster: Cluster | undefined;
  const at = (name: string) => (): Depot => cluster?.depot(name) ?? absent(name);
  const line = await countedLine(port, { child: at('child'), parent: at('origin') });
  const closing: (() => Promise<void> | void)[] = [() => rm(folder, { recursive: true }), () => line.close()];
  try {
    const rsync = await startRsync(source, join(folder, 'rsync'));
    closing.push(() => rsync.close());
    const repository = { kind: 'mirror', context: 'enterprise', source, 'watch-limit': 0, rescan: '7d' };
    const depots = {
      origin: { site: 'enterprise', listen: `https://127.0.0.1:${port}`, repositories: { tools: repository } },
      child: {
        site: 'enterprise/branch',
        parent: `https://127.0.0.1:${line.port}`,
        follow,
        deletions: { 'hold-above': 'none' },
      },
    };
    const started = await startCluster(folder, depots);
    cluster = started;
    closing.push(() => started.close());
    const [origin, child] = [started.depot('origin'), started.depot('child')];
    await publish(origin);
    const measured = async <Result>(work: () => Promise<Result>): Promise<Measured<Result>> => {
      const cpu = (): number => cpuMs(origin.pid()) + cpuMs(child.pid());
      const cpuBefore = cpu();
      line.take();
      const startedAt = performance.now();
      const result = await work();
      const ms = performance.now() - startedAt;
      return { result, ms, cpuMs: cpu() - cpuBefore, traffic: line.take() };
    };
    return await work({
      source,
      origin,
      child,
      rsync,
      publish: () => measured(() => publish(origin)),
      poll: () => measured(() => poll(child)),
      async requireEqual() {
        const said = await differences(source, child.tree('tools'));
        if (said !== '') throw new Error(`the copy is not what the source is:\n${said.slice(0, 2000)}`);
      },
    });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function absent(name: string): never {
  throw new Error(`${name} was asked before it was started`);
}

const quietly = { signal: new AbortController().signal, onEvent: () => Promise.resolve() };

async function publish(depot: Depot): Promise<PublishResult> {
  const how = { wait: true, dryRun: false, acceptSource: false, ...quietly };
  const result = await apiOf(depot).publish('tools', how);
  if (result?.refused === null) return result;
  throw new Error(`the origin refuses to publish: ${result?.refused ?? 'it does not say why'}`);
}

async function poll(depot: Depot): Promise<CycleResult> {
  const cycle = (await apiOf(depot).poll(null, { wait: true, ...quietly })).cycles?.[0];
  if (cycle?.error === null) return cycle;
  throw new Error(`the poll failed: ${cycle?.error?.message ?? 'nothing was polled'}`);
}

function apiOf({ data }: Depot) {
  return controlClient({ sockets: [layoutOf(data).controlSocket], data });
}
