import { ConfigError, formatPath } from '../config/problems.js';
import type { LoadedConfig, Settings } from '../config/settings.js';
import { nearest } from '../config/spelling.js';
import { isWithin } from '../model/names.js';
import type { DirectoryPlace, GivenView } from '../model/shown-settings.js';

/** @throws ConfigError where the file sets the settings of sites, and is not that of the depot that holds the directory */
export function checkSites({ settings, places }: LoadedConfig, directory: DirectoryPlace | null): void {
  const { sites, file, parents } = settings;
  const isElsewhere = directory === 'elsewhere' || (directory === 'nowhere' && parents.length > 0);
  if (sites === null || sites.length === 0 || !isElsewhere) return;
  const place = places(['sites']) ?? { line: 1, column: 1 };
  const message =
    "settings of sites belong to the depot that holds the company's directory, the origin, where depot ca init was run; " +
    `${settings.depot} is not that depot: put them into its file, and they come down to here by themselves`;
  throw new ConfigError([{ file, ...place, path: 'sites', message }], 'remove sites: from this file');
}

/** The file says nothing of what was signed: whoever loses a key of it is not to lift the limits of all depots. */
export function sitesLeft(signed: readonly string[]): string {
  const some = signed.length > 3 ? `${signed.slice(0, 3).join(', ')} and ${signed.length - 3} more` : signed.join(', ');
  return (
    `sites: is not in the file, so what was signed for ${some} stays in force; put it back, or write sites: {} to take it back ` +
    'everywhere'
  );
}

/** Sites that get settings although no depot is known there or below; one sentence each. */
export function* sitesWithoutDepots({ sites }: Pick<Settings, 'sites'>, known: GivenView['sites']): Generator<string> {
  if (known === null) return;
  for (const { site } of sites ?? []) {
    if (known.some((standing) => isWithin(standing, site))) continue;
    const meant = nearest(site, [...new Set(known.flatMap(sitesAbove))]);
    const suggestion = meant === undefined ? '' : `; did you mean ${meant}?`;
    yield `${formatPath(['sites', site])}: no depot is known at this site or below${suggestion}`;
  }
}

/** A site and those that it lies in. */
function sitesAbove(site: string): string[] {
  const names = site.split('/');
  return names.map((_, at) => names.slice(0, at + 1).join('/'));
}
