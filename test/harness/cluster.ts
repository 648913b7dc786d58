import { join } from 'node:path';
import { makeCompany } from './company.js';
import { makeDepot, type Depot } from './depot.js';
import { freePorts } from './port.js';

/** The depots of a cluster by name. */
export type Depots = Readonly<Record<string, DepotSettings>>;

/**
 * `parent` names depots of the same cluster, or is a URL. Everything else is written into the YAML as it stands and wins
 * over what the cluster would write: a free port, a data directory, and polls that happen by hand only.
 */
export interface DepotSettings {
  readonly site: string;
  readonly parent?: string | readonly (string | { readonly url: string; readonly repositories: readonly string[] })[];
  readonly repositories?: Readonly<Record<string, RepositorySettings>>;
  readonly [key: string]: unknown;
}

export interface RepositorySettings {
  readonly context: string;
  readonly [key: string]: unknown;
}

/**
 * How the depots of a cluster talk: HTTPS with certificates of a company of their own, whose CA is at the first depot that
 * has no parent; or plain HTTP, by which nobody knows for sure who anybody is.
 */
export type Transport = 'https' | 'http';

/** Real daemons on loopback, each in a folder of its own below `folder`, which whoever made it removes. */
export interface Cluster {
  readonly folder: string;
  depot(name: string): Depot;
  /** Ends every daemon with SIGTERM. @throws when one had to be killed, or ended with another code than 0. */
  close(): Promise<void>;
}

/** Starts all of them, and none if one does not start. */
export async function startCluster(folder: string, depots: Depots, transport: Transport = 'https'): Promise<Cluster> {
  const names = Object.keys(depots);
  const ports = await freePorts(names.length);
  const urls = new Map(names.map((name, at) => [name, `${transport}://127.0.0.1:${ports[at]}`]));
  const made = new Map<string, Depot>();
  for (const [name, settings] of Object.entries(depots)) {
    const own = { depot: name, listen: urlOf(name, urls), data: join(folder, name, 'data') };
    made.set(name, await makeDepot(join(folder, name), { ...own, ...yaml(settings, urls) }));
  }
  if (transport === 'https') {
    const founder = names.find((name) => depots[name]?.parent === undefined) ?? '';
    const configs = [...made].filter(([name]) => name !== founder).map(([, { config }]) => config);
    await makeCompany(made.get(founder)?.config ?? '', configs);
  }

  const cluster: Cluster = {
    folder,
    depot(name) {
      const depot = made.get(name);
      if (depot === undefined) throw new Error(`this cluster has no depot ${name}, but ${names.join(', ')}`);
      return depot;
    },
    async close() {
      const ends = await Promise.allSettled([...made.values()].map(endInOrder));
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    },
  };
  const starts = await Promise.allSettled([...made.values()].map((depot) => depot.start()));
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed === undefined) return cluster;
  await cluster.close();
  throw failed.reason;
}

async function endInOrder(depot: Depot): Promise<void> {
  const end = await depot.stop();
  if (end !== undefined && end.code !== 0) {
    throw new Error(`${depot.name} ended with ${end.code ?? end.signal}\n${depot.log()}`);
  }
}

function yaml({ parent, ...settings }: DepotSettings, urls: ReadonlyMap<string, string>): Record<string, unknown> {
  const byHand = { poll: { every: '1h', 'at-start': false } };
  if (parent === undefined) return { ...byHand, ...settings };
  const parents = (typeof parent === 'string' ? [parent] : parent).map((each) =>
    typeof each === 'string' ? urlOf(each, urls) : { ...each, url: urlOf(each.url, urls) },
  );
  return { ...byHand, ...settings, parent: parents };
}

function urlOf(name: string, urls: ReadonlyMap<string, string>): string {
  return urls.get(name) ?? name;
}
