import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { DepotStatus, PollResult, PublishResult } from '../../src/model/status.js';
import { command, type CommandResult } from './command.js';
import { startDaemon, type Daemon, type Ended } from './daemon.js';
import { freePorts } from './port.js';

/**
 * The depots of a cluster by name. `parent` names depots of the same cluster; everything else is written into the YAML
 * as it stands and wins over what the cluster would write, so `data`, `poll` or even `listen` can be given.
 */
export type Depots = Readonly<Record<string, DepotSettings>>;

export interface DepotSettings {
  readonly site: string;
  readonly parent?: string | readonly (string | { readonly url: string; readonly repositories: readonly string[] })[];
  readonly repositories?: Readonly<Record<string, RepositorySettings>>;
  readonly [key: string]: unknown;
}

export interface RepositorySettings {
  readonly context: string;
  readonly source: string;
  readonly [key: string]: unknown;
}

/** Real daemons on loopback, each with a folder of its own below the folder of the cluster. Stopped when closed. */
export interface Cluster {
  readonly folder: string;
  depot(name: string): Depot;
  /** Ends every daemon with SIGTERM. @throws when one had to be killed, or ended with another code than 0. */
  close(): Promise<void>;
}

export interface Depot {
  readonly name: string;
  /** `http://127.0.0.1:PORT`: the same at every start. */
  readonly url: string;
  readonly data: string;
  /** The YAML file. */
  readonly config: string;
  /** Of the daemon. @throws when it is not running. */
  pid(): number;
  /** Starts the daemon and waits until it answers. `env` is added to the environment. */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  /** SIGTERM, or SIGKILL, and waits for the end. Does nothing if the daemon is not running. */
  stop(): Promise<Ended | undefined>;
  kill(): Promise<Ended | undefined>;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the daemon has ended by itself or by a signal. A daemon that ends unawaited fails `close`. */
  ended(): Promise<Ended>;
  /** Rewrites the YAML with these settings in place of the old ones of the same name; undefined drops one. */
  configure(changes: Readonly<Record<string, unknown>>): Promise<void>;
  /** Runs `depot --config FILE ...`; any exit code is a result. */
  cli(...args: string[]): Promise<CommandResult>;
  /** The same, parsed from `--json`. @throws when the command does not end with 0. */
  json<Result>(...args: string[]): Promise<Result>;
  /** Polls now and waits for the end of the cycles. */
  poll(...repositories: string[]): Promise<PollResult>;
  publish(repository: string): Promise<PublishResult>;
  status(): Promise<DepotStatus>;
  /** The installation copy. */
  tree(repository: string): string;
  /** What the daemon printed since the cluster began, over all its starts. */
  log(): string;
  /** The parsed lines of the log. */
  records(): Record<string, unknown>[];
}

/** Starts all of them. The folder must exist; whoever made it removes it. */
export async function startCluster(folder: string, depots: Depots): Promise<Cluster> {
  const cluster = await prepareCluster(folder, depots);
  try {
    await Promise.all(Object.keys(depots).map((name) => cluster.depot(name).start()));
  } catch (error) {
    await cluster.close().catch(() => undefined);
    throw error;
  }
  return cluster;
}

/** Chooses ports and writes the YAML files, but starts none of the daemons. */
export async function prepareCluster(folder: string, depots: Depots): Promise<Cluster> {
  const names = Object.keys(depots);
  const ports = await freePorts(names.length);
  const urls = new Map(names.map((name, at) => [name, `http://127.0.0.1:${ports[at]}`]));
  const prepared = new Map<string, Depot>();
  for (const [name, settings] of Object.entries(depots)) {
    prepared.set(name, await prepareDepot(join(folder, name), name, settings, urls));
  }
  return {
    folder,
    depot(name) {
      const depot = prepared.get(name);
      if (depot === undefined) throw new Error(`this cluster has no depot ${name}, but ${names.join(', ')}`);
      return depot;
    },
    async close() {
      const ends = await Promise.all([...prepared.values()].map(async (depot) => ({ depot, end: await depot.stop() })));
      for (const { depot, end } of ends) {
        if (end === undefined || end.code === 0) continue;
        throw new Error(`${depot.name} ended with ${end.code ?? end.signal} on SIGTERM\n${depot.log()}`);
      }
    },
  };
}

async function prepareDepot(
  folder: string,
  name: string,
  given: DepotSettings,
  urls: ReadonlyMap<string, string>,
): Promise<Depot> {
  const config = join(folder, 'depot.yaml');
  const url = given['listen'] ?? urls.get(name);
  let settings = yamlSettings(name, { listen: url, data: join(folder, 'data'), ...given }, urls);
  let daemon: Daemon | undefined;
  let log = '';

  const write = (): Promise<void> => writeFile(config, stringify(settings));
  await mkdir(folder, { recursive: true });
  await write();

  const running = (): Daemon => {
    if (daemon === undefined) throw new Error(`${name} is not running`);
    return daemon;
  };
  const end = async (how: (daemon: Daemon) => Promise<Ended>): Promise<Ended | undefined> => {
    const ending = daemon;
    daemon = undefined;
    return ending === undefined ? undefined : how(ending);
  };
  const data = (): string => String(settings['data']);

  const depot: Depot = {
    name,
    url: String(url),
    config,
    get data() {
      return data();
    },
    pid: () => running().pid,
    async start(env = {}) {
      if (daemon !== undefined) throw new Error(`${name} is running already`);
      daemon = startDaemon({ name, config, env, onOutput: (text) => (log += text) });
      try {
        await daemon.ready({ socket: join(data(), 'control.sock'), url: String(settings['listen']) });
      } catch (error) {
        await depot.kill();
        throw error;
      }
    },
    stop: () => end((daemon) => daemon.stop()),
    kill: () => end((daemon) => daemon.kill()),
    signal: (signal) => running().signal(signal),
    async ended() {
      const ended = await running().ended;
      daemon = undefined;
      return ended;
    },
    async configure(changes) {
      settings = Object.fromEntries(
        Object.entries({ ...settings, ...changes }).filter(([, value]) => value !== undefined),
      );
      await write();
    },
    cli: (...args) => command(config, args),
    async json<Result>(...args: string[]) {
      const result = await command(config, [...args, '--json']);
      if (result.exitCode === 0) return result.json as Result;
      const said = result.stderr + result.stdout;
      throw new Error(`depot ${args.join(' ')} at ${name} ended with ${result.exitCode}\n${said}\nits daemon:\n${log}`);
    },
    poll: (...repositories) => depot.json('poll', ...repositories, '--wait'),
    publish: (repository) => depot.json('publish', repository, '--wait'),
    status: () => depot.json('status'),
    tree: (repository) => join(data(), 'trees', repository),
    log: () => log,
    records: () => log.split('\n').flatMap(parseRecord),
  };
  return depot;
}

/** Polls happen by hand only, unless the literal says otherwise. */
function yamlSettings(
  name: string,
  given: Readonly<Record<string, unknown>> & Pick<DepotSettings, 'parent'>,
  urls: ReadonlyMap<string, string>,
): Record<string, unknown> {
  const { parent, ...rest } = given;
  const url = (parentName: string): string => urls.get(parentName) ?? parentName;
  const parents = parent === undefined ? [] : typeof parent === 'string' ? [parent] : parent;
  return {
    depot: name,
    poll: { every: '1h', 'at-start': false },
    ...rest,
    ...(parents.length > 0 && {
      parent: parents.map((each) => (typeof each === 'string' ? url(each) : { ...each, url: url(each.url) })),
    }),
  };
}

/** A daemon that was killed may have left half a line. */
function parseRecord(line: string): Record<string, unknown>[] {
  try {
    return [JSON.parse(line) as Record<string, unknown>];
  } catch {
    return [];
  }
}
