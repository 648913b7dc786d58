import { formatPath } from '../config/problems.js';
import type { Settings } from '../config/settings.js';
import { nearest } from '../config/spelling.js';
import { directoryName } from '../model/company.js';
import type { DirectoryPlace, GivenView } from '../model/shown-settings.js';
import { isWithin } from '../model/names.js';
import { AuthorityRecords } from '../publish/authority-records.js';
import { DirectoryHolder } from '../publish/directory.js';
import type { Store } from '../store/store.js';
import { givenHere } from './in-force.js';

export function directoryPlace(store: Pick<Store, 'keys' | 'signed'>): DirectoryPlace {
  if (DirectoryHolder.isHere(store)) return 'here';
  return store.signed.rootVersions(directoryName).length > 0 ? 'elsewhere' : 'nowhere';
}

/** What a data directory tells of the settings by site; a read-only store is enough. */
export function givenView(store: Store, site: string): GivenView {
  const given = givenHere(store.company, site);
  try {
    const directory = directoryPlace(store);
    return { directory, given, sites: directory === 'here' ? knownSites(store, site) : null, unknown: [] };
  } catch {
    // This user may not read keys, by which it would be known whether the directory is held here.
    return { directory: null, given, sites: null, unknown: [] };
  }
}

/** Where depots stand: those that have a certificate, those that a subject is mapped to, and those that were heard of. */
function knownSites(store: Store, own: string): string[] {
  const issued = new AuthorityRecords(store.keys).read('issued');
  const mapped = store.company.get(own)?.document.subjects ?? [];
  const rows = [...issued, ...mapped, ...store.reports.below(), ...store.demands.list()];
  return [...new Set([own, ...rows.map(({ site }) => site)])].sort();
}

/** Sites that get settings although no depot is known there or below; one sentence each. */
export function* sitesWithoutDepots({ sites }: Pick<Settings, 'sites'>, known: GivenView['sites']): Generator<string> {
  if (known === null) return;
  for (const { site } of sites) {
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
