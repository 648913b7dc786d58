import { directoryName } from '../model/company.js';
import type { DirectoryPlace, GivenView } from '../model/shown-settings.js';
import { AuthorityRecords } from '../publish/authority-records.js';
import { DirectoryHolder } from '../publish/directory.js';
import type { Store } from '../store/store.js';
import { isCode } from '../store/system-error.js';
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
    const isHere = directory === 'here';
    const signed = isHere ? signedSites(store, site) : null;
    return { directory, given, sites: isHere ? knownSites(store, site) : null, signed, unknown: [] };
  } catch (thrown) {
    if (!isCode(thrown, 'EACCES', 'EPERM')) throw thrown;
    // This user may not read keys, by which it would be known whether the directory is held here.
    return { directory: null, given, sites: null, signed: null, unknown: [] };
  }
}

/** Of the directory that is held here. */
export function signedSites({ company }: Pick<Store, 'company'>, own: string): string[] {
  return (company.get(own)?.sites ?? []).map(({ site }) => site).sort();
}

/** Where depots stand: those that have a certificate, those that a subject is mapped to, and those that were heard of. */
function knownSites(store: Store, own: string): string[] {
  const issued = new AuthorityRecords(store.keys).read('issued');
  const mapped = store.company.get(own)?.document.subjects ?? [];
  const rows = [...issued, ...mapped, ...store.reports.below(), ...store.demands.list()];
  return [...new Set([own, ...rows.map(({ site }) => site)])].sort();
}
