import { readdirSync } from 'node:fs';
import type { FileCount } from '../model/status.js';
import type { Store } from '../store/store.js';
import { isSystemError } from './attempt.js';

/**
 * The source of a repository that came from another master depot. Until it was found to be what is published, nothing is
 * published from it: what is there may be old, half, or of a disk that is not mounted. Where nothing is there, it is filled.
 * Kept with the keys, as it begins when they count, and must outlast the catalogue.
 */
const file = 'source.txt';

type Standing = 'unproven' | 'filling';

type Keys = Pick<Store, 'keys'>;

export function expectSource({ keys }: Keys, repository: string): Promise<void> {
  return keys.write(repository, file, 'unproven');
}

/** The source is what is published, or a person vouches for it. */
export function acceptFirstSource({ keys }: Keys, repository: string): void {
  keys.remove(repository, file);
}

/** Undefined where the source is an ordinary one. */
export function firstSource({ keys }: Keys, repository: string): Standing | undefined {
  const text = keys.read(repository, file)?.trim();
  return text === undefined ? undefined : text === 'filling' ? 'filling' : 'unproven';
}

/**
 * Puts what is published into a source in which nothing is, or goes on with that.
 * @param run the job, in a thread of its own
 * @throws DepotError `source-unreadable` where the folder cannot be written
 */
export async function fillFirstSource(
  { keys }: Keys,
  repository: string,
  source: string,
  run: () => Promise<unknown>,
): Promise<void> {
  const standing = firstSource({ keys }, repository);
  if (standing === undefined || (standing === 'unproven' && !isNothing(source))) return;
  if (standing === 'unproven') await keys.write(repository, file, 'filling');
  await run();
  await expectSource({ keys }, repository);
}

/** Why nothing is published from it; undefined where it is what is published. */
export function reasonToDoubt(
  source: string,
  repository: string,
  change: { readonly add: FileCount; readonly replace: FileCount; readonly delete: FileCount },
): string | undefined {
  const differences = [
    [change.delete.files, 'missing'],
    [change.replace.files, 'different'],
    [change.add.files, 'added'],
  ] as const;
  const told = differences.filter(([files]) => files > 0).map(([files, how]) => `${files} ${how}`);
  if (told.length === 0) return undefined;
  return (
    `${source} is not what ${repository} is as published, which came from another depot: ${told.join(', ')}; ` +
    `if that is meant, run "depot publish ${repository} --accept-source"`
  );
}

function isNothing(source: string): boolean {
  try {
    return readdirSync(source).length === 0;
  } catch (error) {
    return isSystemError(error) && error.code === 'ENOENT';
  }
}
