import type { RepositoryStatus } from '../model/status.js';
import { ago, safe } from './words.js';

/** For so long the status tells that a repository has another master depot. */
const newsMs = 30 * 24 * 3600 * 1000;

/** One line of the status, with the command that helps. */
export interface MoveLine {
  /** `stop`: somebody has to do something. */
  readonly kind: 'stop' | 'warn' | 'note';
  readonly text: string;
  readonly help: string | null;
}

/** What a person should know of a repository that goes, or went, to another master depot. */
export function* moveLines({ name, master, moved, move }: RepositoryStatus, now: number): Generator<MoveLine> {
  if (moved !== null && master !== null && now - Date.parse(moved.at) < newsMs) {
    const text = `master of ${name} is now ${master} (moved from ${moved.from} ${ago(moved.at, now)}, at generation ${moved.generation})`;
    yield { kind: 'note', text, help: null };
  }
  if (move === null) return;
  const { state, depot, source } = move;
  const folder = source === null ? '' : safe(source);
  switch (state) {
    case 'asked-for':
      yield {
        kind: 'note',
        text: `${depot} asks to become the master depot of ${name}`,
        help: `depot repository move ${name} --to ${depot}, or: depot repository keep ${name} --from ${depot}`,
      };
      return;
    case 'asks':
      yield {
        kind: 'note',
        text: `this depot asks ${depot} for ${name}, and is a child for it until its administrator decides`,
        help: `at ${depot}: depot repository move ${name} --to this depot`,
      };
      return;
    case 'signed':
      yield {
        kind: 'warn',
        text: `${name} was given to ${depot}, and the directory does not say so yet: nobody publishes it now`,
        help: `it is told again each minute; to take it back: depot repository keep ${name}`,
      };
      return;
    case 'incomplete':
      yield {
        kind: 'warn',
        text: `${name} was given to this depot by ${depot}, and its last generation is not whole here: nothing is published yet`,
        help: `depot poll ${name} --wait`,
      };
      return;
    case 'without-keys':
      yield {
        kind: 'stop',
        text: `${name} was given to this depot by ${depot}, and the keys that were made for it are not in its data directory`,
        help: `restore keys/${name} from a backup; without them: depot repository take-over at another depot, with a root key`,
      };
      return;
    case 'elsewhere':
      yield {
        kind: 'note',
        text: `${name} is published at ${depot}, and this depot is a child for it; ${folder} stays as it is`,
        help: `take ${name} out of repositories: in the settings, or have it published here: depot repository take-over ${name}`,
      };
  }
}
