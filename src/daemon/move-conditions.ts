import type { AskedMove, EnrolledRepository } from '../model/company.js';
import { asDepotError, DepotError } from '../model/errors.js';
import { isWithin } from '../model/names.js';
import { holdsAll } from '../store/holds-all.js';
import type { Store } from '../store/store.js';
import type { Elsewhere } from './mastery.js';
import type { RunningDepot } from './running-depot.js';

/* What has to be so before a repository goes to another master depot; each refusal says what to do. */

type Facts = Pick<RunningDepot, 'store' | 'settings' | 'mastery'>;

function enrolledFor({ store, settings }: Facts, repository: string): EnrolledRepository {
  const found = store.company
    .get(settings.site)
    ?.repositories.find(({ name, context }) => name === repository && isWithin(settings.site, context));
  if (found !== undefined) return found;
  throw new DepotError('not-found', `${repository} is not in the company's directory for ${settings.site}`, {
    hint: 'depot repository list; a master depot stands within the scope of its repository',
    retry: 'never',
  });
}

/** The depot that asks for what is published here; null: the only one. @throws DepotError `not-found`, `bad-request` */
export function requireAsked(here: Facts, repository: string, depot: string | null): AskedMove {
  const { asked = [], master } = enrolledFor(here, repository);
  const { settings } = here;
  if (master !== settings.depot) {
    throw new DepotError('bad-request', `${repository} is published at ${master}, not here`, {
      hint: `run this at ${master}`,
      retry: 'never',
    });
  }
  const [only, ...others] = asked;
  const found = depot === null && others.length === 0 ? only : asked.find((each) => each.depot === depot);
  if (found !== undefined) return found;
  const names = asked.map((each) => each.depot).join(', ');
  const what =
    depot === null
      ? `${asked.length === 0 ? 'no depot asks' : `${asked.length} depots ask`} for ${repository}`
      : `${depot} does not ask for ${repository}`;
  throw new DepotError('not-found', what, {
    hint:
      names === '' ? `at the new master depot: depot repository take-over ${repository}` : `those that ask: ${names}`,
    retry: 'never',
  });
}

/** The settings have a place to publish it from, and the directory agrees with them. @throws DepotError `bad-request`, `not-found` */
export function requireCandidate(here: Facts, repository: string): Elsewhere {
  const { mastery, settings } = here;
  const enrolled = enrolledFor(here, repository);
  const candidate = mastery.elsewhere.find((each) => each.settings.name === repository);
  if (candidate === undefined) {
    const isOwn = mastery.published.some(({ name }) => name === repository);
    throw new DepotError(
      'bad-request',
      isOwn
        ? `this depot is the master depot of ${repository} already`
        : `the settings of this depot do not say where ${repository} is to be published from`,
      {
        hint: isOwn
          ? 'depot repository list'
          : `in ${settings.file}: repositories: { ${repository}: { kind: ${enrolled.kind}, context: ${enrolled.context}, ` +
            `${enrolled.kind === 'mirror' ? 'source' : 'work'}: FOLDER } }; then depot reload: nothing is published from it before the move`,
        retry: 'never',
      },
    );
  }
  const { kind, context } = candidate.settings;
  if (kind !== enrolled.kind || context !== enrolled.context) {
    throw new DepotError(
      'bad-request',
      `${repository} is of kind ${enrolled.kind} for ${enrolled.context}, the settings here say ${kind} for ${context}`,
      { hint: `correct repositories.${repository} in ${settings.file}, then depot reload`, retry: 'never' },
    );
  }
  if (candidate.state === 'handed-over') {
    throw new DepotError('bad-request', `this depot is giving ${repository} away`, {
      hint: `depot repository keep ${repository} takes that back`,
      retry: 'never',
    });
  }
  return candidate;
}

/** @returns the newest generation, all of which is here @throws DepotError `not-allowed` */
export function requireWhole({ store }: Facts, repository: string, master: string): number {
  const newest = store.heads.newest(repository);
  if (newest !== undefined && holdsAll(store, newest)) return newest.head.generation;
  const what = newest === undefined ? 'nothing' : `generation ${newest.head.generation}`;
  const why = newest === undefined ? `is held of ${repository} here yet` : `of ${repository} is not whole here yet`;
  throw new DepotError('not-allowed', `${what} ${why}`, {
    hint:
      `depot poll ${repository} --wait` +
      (newest?.head.kind === 'packages'
        ? `; revisions that are not for this site come from ${master} alone: parent: [{ url: URL of ${master}, repositories: [${repository}] }]`
        : ''),
  });
}

/**
 * The old master depot is a child after the move, and depots below it live on what it gets: some parent has to have the
 * repository before, and not from here.
 * @throws DepotError `not-allowed`
 */
export async function requireWay(
  { sync, settings, store }: Facts & Pick<RunningDepot, 'sync'>,
  repository: string,
  to: string,
  signal: AbortSignal,
): Promise<void> {
  const failures: string[] = [];
  sync.line.polled(repository);
  for (const { client, url } of sync.parents.for(repository)) {
    try {
      const answer = await client.state(repository, undefined, signal);
      const isChild = wantsHere(store, client.parentDepot, repository) && client.parentDepot !== to;
      if (answer !== 'unchanged' && answer.state.head !== null && !isChild) return;
      failures.push(isChild ? `${url} gets it from this depot` : `${url} has nothing of it`);
    } catch (thrown) {
      failures.push(asDepotError(thrown, `ask ${url}`).message);
    }
  }
  const why = failures.length === 0 ? 'this depot has no parent for it' : failures.join('; ');
  throw new DepotError('not-allowed', `after the move this depot could not get ${repository} from anywhere: ${why}`, {
    hint: `in ${settings.file}, parent: [{ url: URL of ${to}, repositories: [${repository}] }]; then depot reload`,
    retry: 'never',
  });
}

function wantsHere(store: Store, child: string | undefined, repository: string): boolean {
  const demands = child === undefined ? undefined : store.demands.get(child)?.demands;
  return demands !== undefined && Object.hasOwn(demands, repository) && (demands[repository]?.length ?? 0) > 0;
}
