import type { FileCount } from '../model/plan-status.js';
import type { Store } from '../store/store.js';

/**
 * The source of a repository that came from another master depot. Until it was found to be what is published, nothing is
 * published from it: what is there may be old, half, or of a disk that is not mounted. Where nothing is there, it is filled.
 * Kept with the keys, as it begins when they count, and must outlast the catalogue.
 */
const file = 'source.txt';

type Keys = Pick<Store, 'keys'>;

export function expectSource({ keys }: Keys, repository: string): Promise<void> {
  return keys.write(repository, file, 'came from another depot\n');
}

/** The source is what is published, or a person vouches for it. */
export function acceptFirstSource({ keys }: Keys, repository: string): void {
  keys.remove(repository, file);
}

/** Whether it has not been accepted yet. */
export function isFirstSource({ keys }: Keys, repository: string): boolean {
  return keys.read(repository, file) !== undefined;
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
