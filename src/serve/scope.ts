import { DepotError } from '../model/errors.js';
import type { MetadataVersions } from '../model/metadata.js';
import { isWithin } from '../model/names.js';
import { sha256, type Sha256 } from '../model/sha256.js';
import { formatMessage, type DirectoryRepository } from '../protocol/messages.js';

/** The repositories that this depot knows of: those published here and those that its parents named. */
export type Directory = () => readonly DirectoryRepository[];

/** Who serves. */
export interface Self {
  readonly depot: string;
  readonly site: string;
}

/** The directory as a child at `site` sees it: the repositories whose scope covers that site, by name. */
export function directoryFor(
  site: string,
  self: Self,
  directory: Directory,
  company: MetadataVersions | null,
): { bytes: Buffer; hash: Sha256 } {
  const repositories = directory()
    .filter(({ context }) => isWithin(site, context))
    .map(({ name, kind, context, master }) => ({ name, kind, context, master }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const bytes = formatMessage({ depot: self.depot, site: self.site, repositories, company });
  return { bytes, hash: sha256(bytes) };
}

/**
 * What is outside of the child's scope is answered like what does not exist, so that nobody learns what others have.
 * @throws DepotError `not-found`
 */
export function requireInScope(repository: string, site: string, directory: Directory): void {
  const known = directory().find(({ name }) => name === repository);
  if (known !== undefined && isWithin(site, known.context)) return;
  throw new DepotError('not-found', `no repository ${repository} for a depot at ${site}`, {
    hint: 'GET /v1/directory lists those that there are',
  });
}
