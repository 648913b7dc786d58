import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { changes, count, plural, size } from '../../src/cli/words.js';
import type { DepotStatus, RepositoryStatus } from '../../src/model/status.js';
import type { ControlApi } from '../../src/serve/control-api.js';
import { controlClient } from '../../src/serve/control-client.js';
import type { Cluster } from '../harness/cluster.js';
import type { Depot } from '../harness/depot.js';
import { places, repository } from './company.js';
import { standings, type Sight, type Standing } from './standings.js';

/** How all depots stand, asked of each daemon several times a second over its control socket. */
export interface Watch {
  standings(): Standing[];
  /** Resolves when `holds` is true of how they stand. Rejects with the signal's reason. */
  until(holds: (standings: readonly Standing[]) => boolean, signal: AbortSignal): Promise<void>;
}

const lookEveryMs = 200;

/**
 * Watches until `signal` is aborted; `done` resolves when nothing is asked any more. `onEvent` gets a line for what each
 * depot did.
 */
export function watch(
  cluster: Cluster,
  onEvent: (depot: string, text: string) => void,
  signal: AbortSignal,
): Watch & { readonly done: Promise<unknown> } {
  const sights = new Map<string, Sight>();
  const published = new Map<number, number>();
  const see = async (depot: Depot): Promise<void> => {
    const api = control(depot);
    const tell = teller(depot.name, api, onEvent);
    while (!signal.aborted) {
      try {
        const status = await api.status({ tree: false });
        sights.set(depot.name, { status, answers: true });
        notePublished(status, published);
        await tell(status);
      } catch {
        // It is down or ends, which the picture shows.
        sights.set(depot.name, { status: sights.get(depot.name)?.status, answers: false });
      }
      await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const now = (): Standing[] => standings(sights, published, Date.now());
  return {
    standings: now,
    async until(holds, until) {
      while (!holds(now())) await delay(lookEveryMs, undefined, { signal: until });
    },
    done: Promise.all(places.map(({ name }) => see(cluster.depot(name)))),
  };
}

/** What `depot --config FILE` talks to. */
export function control({ data }: Depot): ControlApi {
  return controlClient({ sockets: [join(data, 'control.sock')], data });
}

function notePublished({ repositories }: DepotStatus, published: Map<number, number>): void {
  const master = repositories.find(({ name, role }) => name === repository && role === 'master');
  if (master?.generation == null || master.publishedAt === null) return;
  published.set(master.generation, Date.parse(master.publishedAt));
}

/** Tells of each generation that is published or comes into place, and of holds that a person let go. */
function teller(
  name: string,
  api: ControlApi,
  onEvent: (depot: string, text: string) => void,
): (status: DepotStatus) => Promise<void> {
  let told = 0;
  let heldBefore = 0;
  return async ({ repositories }) => {
    const status = repositories.find((each) => each.name === repository);
    if (status?.generation == null || status.cycle !== null) return;
    const held = status.holds.reduce((sum, { files }) => sum + files, 0);
    if (status.generation > told) {
      told = status.generation;
      onEvent(name, status.role === 'master' ? publishedWords(status) : await appliedWords(api, told, held));
    } else if (held === 0 && heldBefore > 0) {
      onEvent(name, 'approved: what was held is deleted');
    }
    heldBefore = held;
  };
}

function publishedWords({ generation, files, bytes }: RepositoryStatus): string {
  return `publishes generation ${generation}: ${plural(files ?? 0, 'file')}, ${size(bytes ?? 0)}`;
}

async function appliedWords(api: ControlApi, generation: number, held: number): Promise<string> {
  const rows = await api.history(repository, { limit: 5 });
  const row = rows.find(({ outcome, toGeneration }) => outcome === 'applied' && toGeneration === generation);
  if (row === undefined) return `generation ${generation}`;
  const { added, replaced, deleted, fetched } = row;
  const done = held > 0 ? `${plural(held, 'deletion')} held` : changes(added ?? 0, replaced ?? 0, deleted ?? 0);
  const isFetched = fetched !== null && fetched.files > 0;
  const crossed = isFetched ? `${count(fetched.files)} fetched, ${size(fetched.bytes)}` : 'nothing fetched';
  return `generation ${generation}: ${done}; ${crossed}`;
}
