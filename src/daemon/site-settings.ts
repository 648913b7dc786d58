import { ConfigError } from '../config/problems.js';
import type { LoadedConfig } from '../config/settings.js';
import { asDepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import type { DirectoryPlace } from '../model/shown-settings.js';
import type { DirectoryHolder } from '../publish/directory.js';

/** @throws ConfigError where the file sets the settings of sites, and is not that of the depot that holds the directory */
export function checkSites({ settings, places }: LoadedConfig, directory: DirectoryPlace | null): void {
  const { sites, file, parents } = settings;
  if (
    sites.length === 0 ||
    directory === 'here' ||
    directory === null ||
    (directory === 'nowhere' && parents.length === 0)
  )
    return;
  const place = places(['sites']) ?? { line: 1, column: 1 };
  const message =
    "settings of sites belong to the depot that holds the company's directory, the origin, where depot ca init was run; " +
    `${settings.depot} is not that depot: put them into its file, and they come down to here by themselves`;
  throw new ConfigError([{ file, ...place, path: 'sites', message }], 'remove sites: from this file');
}

/**
 * Has the settings of sites signed, where they are others than before.
 * @returns whether they are
 * @throws DepotError of the signing; then those before stay in force
 */
export async function signSites(
  { sites }: LoadedConfig['settings'],
  directory: DirectoryHolder | undefined,
  log: Log,
): Promise<boolean> {
  if (directory === undefined) {
    if (sites.length > 0) log.warn({}, 'sites: nothing of it is signed before depot ca init has made the directory');
    return false;
  }
  const changed = await directory.set(sites);
  if (changed.length === 0) return false;
  log.info({ sites: changed, generation: directory.version() }, 'signed the settings of sites in the directory');
  return true;
}

/** The same at the start: a directory that cannot be written is no reason not to serve. */
export async function signSitesAtStart(
  settings: LoadedConfig['settings'],
  directory: DirectoryHolder | undefined,
  log: Log,
): Promise<boolean> {
  try {
    return await signSites(settings, directory, log);
  } catch (thrown) {
    const error = asDepotError(thrown, 'sign the settings of sites');
    log.error({ code: error.code, hint: error.hint }, error.message);
    return false;
  }
}
