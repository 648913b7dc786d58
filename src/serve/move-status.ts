import type { EnrolledRepository } from '../model/company.js';
import { isWithin } from '../model/names.js';
import type { MovedStatus, MoveStatus, RepositoryStatus } from '../model/status.js';
import type { Store } from '../store/store.js';
import type { DepotFacts } from './status-facts.js';

type Facts = Pick<DepotFacts, 'depot' | 'site' | 'published' | 'elsewhere'>;

/** Whose a repository is by the directory, and what is under way about that. */
export function masterOf(
  store: Store,
  facts: Facts,
  name: string,
): Pick<RepositoryStatus, 'master' | 'moved' | 'move'> {
  const { site } = facts;
  const enrolled = store.company
    .get(site)
    ?.repositories.find((each) => each.name === name && isWithin(site, each.context));
  return {
    master: enrolled?.master ?? null,
    moved: movedOf(enrolled),
    move: moveOf(enrolled, facts, name),
  };
}

function movedOf(enrolled: EnrolledRepository | undefined): MovedStatus | null {
  const last = enrolled?.moves?.at(-1);
  return last === undefined ? null : { from: last.from, generation: last.generation, at: last.at };
}

function moveOf(enrolled: EnrolledRepository | undefined, facts: Facts, name: string): MoveStatus | null {
  const { depot, published, elsewhere } = facts;
  const { asked = [], master = depot, moves = [] } = enrolled ?? {};
  const mine = elsewhere.find((each) => each.name === name);
  if (mine === undefined) {
    const [first] = published.some((each) => each.name === name) ? asked : [];
    return first === undefined ? null : { state: 'asked-for', depot: first.depot, source: null };
  }
  const { source } = mine;
  switch (mine.state) {
    case 'handed-over':
      return { state: 'signed', depot: mine.to ?? '', source };
    case 'incomplete':
    case 'without-keys':
      return { state: mine.state, depot: moves.at(-1)?.from ?? '', source };
    case 'child':
      return { state: asked.some((each) => each.depot === depot) ? 'asks' : 'elsewhere', depot: master, source };
  }
}
