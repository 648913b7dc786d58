import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { PollResult } from '../../src/model/cycle-status.js';
import type { PublishResult } from '../../src/model/publish-status.js';
import type { DepotStatus } from '../../src/model/status.js';
import { command, type CommandResult } from './command.js';
import { startDaemon, type Daemon, type Ended } from './daemon.js';

/** A depot with a folder of its own: a YAML file, a data directory, and a daemon that can be started again and again. */
export interface Depot {
  readonly name: string;
  /** `https://127.0.0.1:PORT`, or `http:` in a plain cluster: the same at every start. */
  readonly url: string;
  readonly data: string;
  /** The YAML file. */
  readonly config: string;
  /** Of the daemon. @throws when it is not running. */
  pid(): number;
  /** Starts the daemon and waits until it answers. `env` is added to the environment. */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  /** SIGTERM, and waits for the end. Undefined if the daemon is not running. */
  stop(): Promise<Ended | undefined>;
  /** SIGKILL, likewise. */
  kill(): Promise<Ended | undefined>;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the daemon has ended by itself or by a signal. A daemon that ends unawaited fails `Cluster.close`. */
  ended(): Promise<Ended>;
  /** Rewrites the YAML with these settings in place of the old ones of the same name; undefined drops one. */
  configure(changes: Readonly<Record<string, unknown>>): Promise<void>;
  /** Runs `depot --config FILE ...`; any exit code is a result. */
  cli(...args: string[]): Promise<CommandResult>;
  /** The same, parsed from `--json`. @throws when the command does not end with 0. */
  json<Result>(...args: string[]): Promise<Result>;
  /** Polls now and waits for the end of the cycles. */
  poll(...repositories: string[]): Promise<PollResult>;
  /** Scans the source now and waits for the generation. */
  publish(repository: string): Promise<PublishResult>;
  status(): Promise<DepotStatus>;
  /** The installation copy. */
  tree(repository: string): string;
  /** What the daemon printed, over all its starts. */
  log(): string;
  /** The parsed lines of the log. */
  records(): Record<string, unknown>[];
}

/** The settings as they stand in the YAML. */
export interface YamlSettings {
  readonly depot: string;
  readonly listen: string;
  readonly data: string;
  readonly [key: string]: unknown;
}

/** Writes the YAML file into the folder, which is created; the daemon is not started yet. */
export async function makeDepot(folder: string, settings: YamlSettings): Promise<Depot> {
  const config = join(folder, 'depot.yaml');
  await mkdir(folder, { recursive: true });
  await writeFile(config, stringify(settings));
  return depotOf(config);
}

/** A depot whose YAML file is there, with at least the settings of `YamlSettings`. */
export async function depotOf(config: string): Promise<Depot> {
  let written = parse(await readFile(config, 'utf8')) as YamlSettings;
  const { depot: name, listen, data } = written;
  let daemon: Daemon | undefined;
  let log = '';

  const running = (): Daemon => {
    if (daemon === undefined) throw new Error(`${name} is not running`);
    return daemon;
  };
  const end = async (how: (daemon: Daemon) => Promise<Ended>): Promise<Ended | undefined> => {
    const ending = daemon;
    daemon = undefined;
    return ending === undefined ? undefined : how(ending);
  };

  const depot: Depot = {
    name,
    url: listen,
    data,
    config,
    pid: () => running().pid,
    async start(env = {}) {
      if (daemon !== undefined) throw new Error(`${name} is running, or has ended and nobody asked for it`);
      daemon = startDaemon({ name, config, env, onOutput: (text) => (log += text) });
      try {
        await daemon.ready({ socket: join(data, 'control.sock'), url: listen });
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
      const entries = Object.entries({ ...written, ...changes }).filter(([, value]) => value !== undefined);
      written = Object.fromEntries(entries) as YamlSettings;
      await writeFile(config, stringify(written));
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
    tree: (repository) => join(data, 'trees', repository),
    log: () => log,
    records: () => log.split('\n').flatMap(parseRecord),
  };
  return depot;
}

/** A daemon that was killed may have left half a line. */
function parseRecord(line: string): Record<string, unknown>[] {
  try {
    return [JSON.parse(line) as Record<string, unknown>];
  } catch {
    return [];
  }
}
