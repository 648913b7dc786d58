import { DepotError } from '../model/errors.js';
import { isName } from '../model/names.js';
import type { PackageName } from '../serve/packages-api.js';

/** `apps/vlc`. @throws DepotError `bad-request` */
export function packageName(text: string): PackageName {
  const [repository = '', name = '', ...rest] = text.split('/');
  if (rest.length === 0 && isName(repository) && isName(name)) return { repository, name };
  throw new DepotError('bad-request', `${JSON.stringify(text)} names no package`, {
    hint: `REPOSITORY/PACKAGE, such as apps/vlc; ${/@\d+$/.test(text) ? 'a revision is an option, --revision NUMBER, of the commands that take one' : 'names have letters, digits, "-", "_" and "."'}`,
    retry: 'never',
  });
}

export function asText({ repository, name }: PackageName): string {
  return `${repository}/${name}`;
}
