import type { LoadedConfig } from '../config/settings.js';
import { DepotError } from '../model/errors.js';
import type { GivenView, SettingsInForce } from '../model/shown-settings.js';
import { daemonOf } from './reach.js';

/**
 * What is known here of the settings that the company gives to sites: by the daemon, or where it cannot be asked, by what
 * the data directory holds. `inForce` is what the daemon said.
 */
export async function givenAt(
  config: LoadedConfig,
): Promise<{ readonly view: GivenView; readonly inForce: SettingsInForce | null }> {
  const { file, data, site } = config.settings;
  try {
    const inForce = await (await daemonOf({ configFile: file })).settings();
    return { view: inForce, inForce };
  } catch (error) {
    if (!(error instanceof DepotError)) throw error;
  }
  return { view: await viewOf(data, site), inForce: null };
}

async function viewOf(data: string, site: string): Promise<GivenView> {
  const [{ Store }, { givenView }] = await Promise.all([
    import('../store/store.js'),
    import('../daemon/given-view.js'),
  ]);
  try {
    const store = Store.open(data, { readOnly: true });
    try {
      return givenView(store, site);
    } finally {
      store.close();
    }
  } catch (error) {
    const nothing = { given: null, sites: null, signed: null };
    if (!(error instanceof DepotError)) throw error;
    // A depot that was never started has joined no company.
    if (isMissing(error)) return { directory: 'nowhere', ...nothing, unknown: [] };
    const unknown = [`what the company's directory gives this depot: ${error.message}`];
    return { directory: null, ...nothing, unknown };
  }
}

function isMissing({ cause }: DepotError): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
