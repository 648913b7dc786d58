import { foundCompany } from '../../src/daemon/founding.js';
import { keepCredentials } from '../../src/daemon/own-certificate.js';
import { loadSettings } from '../../src/config/settings.js';
import { realHost } from '../../src/host.js';
import { Registry } from '../../src/publish/registry.js';
import { Store } from '../../src/store/store.js';
import { usualGraceMs, usualLifetimes } from './lifetimes.js';
import { makeKeyAndRequest } from '../../src/trust/certificate-request.js';

/**
 * Makes the company's CA and directory at one depot, as `depot ca init` does, and gives the others what `depot join`
 * would give them, without a daemon for each to ask. No daemon may be running.
 * @param founder its YAML file, as those of the others
 */
export async function makeCompany(founder: string, others: readonly string[]): Promise<void> {
  const settings = await loadSettings(founder);
  await foundCompany(settings, { company: 'enterprise' }, usualGraceMs, realHost);
  const store = Store.open(settings.data);
  try {
    const { depot, site } = settings;
    const registry = new Registry(store, realHost, { depot, site }, () => usualLifetimes);
    const anchors = store.keys.read('.authority', 'root.crt') ?? '';
    const directory = registry.directory.root();
    for (const config of others) {
      const { depot, site, data } = await loadSettings(config);
      const { key, request } = await makeKeyAndRequest({ depot, site });
      const { chain } = await registry.issue(request, { depot, site });
      const own = Store.open(data);
      try {
        await keepCredentials(own, { key, chain, anchors, directory });
      } finally {
        own.close();
      }
    }
  } finally {
    store.close();
  }
}
