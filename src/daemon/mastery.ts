import type { PublishedSettings, Settings } from '../config/settings.js';
import { lastMove, type Move } from '../model/company.js';
import { isWithin } from '../model/names.js';
import { handOverOf, type HandOver } from '../publish/hand-over.js';
import { isTakenUp } from '../publish/take-over.js';
import { holdsAll } from '../store/holds-all.js';
import type { Store } from '../store/store.js';

/** A repository that the settings have a source for, and that is not published here: this depot is a child for it. */
export interface Elsewhere {
  readonly settings: PublishedSettings;
  /** The master depot by the directory. */
  readonly master: string;
  /**
   * `child`: another depot is the master. `handed-over`: this one signed the move, and the directory does not say so yet.
   * `without-keys`: the directory names this one, and the keys that were made for it are gone. `incomplete`: it names this
   * one, and the last generation of the master depot before is not whole here yet.
   */
  readonly state: 'child' | 'handed-over' | 'without-keys' | 'incomplete';
  readonly handOver: HandOver | undefined;
}

/** Which of the repositories that have a source in the settings this depot is the master of. */
export interface Mastery {
  readonly published: readonly PublishedSettings[];
  readonly elsewhere: readonly Elsewhere[];
}

type Facts = Pick<Settings, 'depot' | 'site' | 'repositories'>;

/**
 * The directory decides, where it knows the repository: not the settings, which nobody holds against each other. So a depot
 * can be told of its source before it is the master, and keeps it after that, and no two depots publish one repository.
 */
export function masteryOf(store: Store, facts: Facts): Mastery {
  const published: PublishedSettings[] = [];
  const elsewhere: Elsewhere[] = [];
  for (const settings of facts.repositories) {
    const found = judge(store, facts, settings);
    if (found === undefined) published.push(settings);
    else elsewhere.push(found);
  }
  return { published, elsewhere };
}

function judge(store: Store, { depot, site }: Facts, settings: PublishedSettings): Elsewhere | undefined {
  const { name } = settings;
  const enrolled = store.company
    .get(site)
    ?.repositories.find((each) => each.name === name && isWithin(site, each.context));
  const handOver = handOverOf(store, name);
  const { master = depot } = enrolled ?? {};
  if (master !== depot) return { settings, master, state: 'child', handOver };
  if (handOver !== undefined) return { settings, master, state: 'handed-over', handOver };
  const move = enrolled && lastMove(enrolled);
  if (move === undefined) return undefined;
  if (!isTakenUp(store, name, move.root)) return { settings, master, state: 'without-keys', handOver };
  return isContinued(store, name, move) ? undefined : { settings, master, state: 'incomplete', handOver };
}

/** Whether the last generation before the move is whole here, or one was published since. */
function isContinued(store: Store, repository: string, { generation }: Move): boolean {
  const newest = store.heads.newest(repository);
  if (newest === undefined || newest.head.generation < generation) return false;
  return newest.head.generation > generation || holdsAll(store, newest);
}
