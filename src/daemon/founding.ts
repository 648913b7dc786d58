import type { Settings } from '../config/settings.js';
import type { Host } from '../host.js';
import { DepotError } from '../model/errors.js';
import { AuthorityFiles, authorityFolder } from '../publish/authority-files.js';
import { DirectoryHolder } from '../publish/directory.js';
import { Registry } from '../publish/registry.js';
import { acquireLock } from '../store/lock.js';
import { giveToOwner } from '../store/ownership.js';
import { Store } from '../store/store.js';
import { adoptAuthority } from '../trust/adopt-authority.js';
import { makeAuthority } from '../trust/authority.js';
import { makeKeyAndRequest } from '../trust/certificate-request.js';
import { fingerprintOf } from '../trust/certificates.js';
import { keepCredentials } from './own-certificate.js';

export interface Founded {
  readonly fingerprint: string;
  /** Where the keys of the CA are. */
  readonly folder: string;
}

/**
 * Makes the company's CA (or takes over one that there is) and its directory at this depot, and this depot's own
 * certificate. The daemon must not be running.
 * @throws DepotError `data-locked`, `bad-request` where there is one already, `certificate-refused`
 */
export function foundCompany(
  settings: Settings,
  how: { readonly company: string } | { readonly key: string; readonly chain: string },
  graceMs: number,
  host: Host,
): Promise<Founded> {
  const { depot, site, signing, data } = settings;
  return inNewCompany(data, host, async (store) => {
    const { keys } = store;
    const nowMs = host.now();
    const authority =
      'company' in how ? await makeAuthority({ ...how, nowMs }) : await adoptAuthority({ ...how, nowMs });
    await new AuthorityFiles(keys).keep(authority);
    const registry = new Registry(store, host, { depot, site }, () => signing);
    const anchors = [authority.rootCertificate];
    await registry.directory.found({ anchors, revoked: [], graceMs });
    const { key, request } = await makeKeyAndRequest({ depot, site });
    const { chain } = await registry.issue(request, { depot, site });
    const directory = registry.directory.root();
    await keepCredentials(store, { key, chain, anchors: authority.rootCertificate, directory });
    return { fingerprint: fingerprintOf(authority.rootCertificate), folder: keys.folder(authorityFolder) };
  });
}

/** `act` with the store of a depot that is of no company yet. */
export async function inNewCompany<Result>(
  data: string,
  host: Host,
  act: (store: Store) => Promise<Result>,
): Promise<Result> {
  const lock = acquireLock(data, host.now());
  const store = Store.open(data);
  try {
    const { keys } = store;
    if (keys.list(authorityFolder).length > 0 || DirectoryHolder.isHere(store)) {
      const what =
        keys.list(authorityFolder).length > 0 ? `a CA in ${keys.folder(authorityFolder)}` : 'a directory here';
      throw new DepotError('bad-request', `there is ${what} already`, { hint: 'depot cert shows it', retry: 'never' });
    }
    return await act(store);
  } finally {
    store.close();
    lock.release();
    await giveToOwner(data);
  }
}
