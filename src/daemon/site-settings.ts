import type { Settings } from '../config/settings.js';
import { asDepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import type { DirectoryHolder } from '../publish/directory.js';
import type { Store } from '../store/store.js';
import { givenView, signedSites } from './given-view.js';
import { sitesLeft, sitesWithoutDepots } from './sites-check.js';

/** Has the settings of sites signed at the depot that holds the directory, and tells of sites where no depot stands. */
export class SiteSigner {
  /** What the file leaves in force without a word; undefined where there is nothing of that kind. */
  left: string | undefined;

  /** @param directory undefined where it is not held here */
  constructor(
    private readonly store: Store,
    private readonly directory: DirectoryHolder | undefined,
    private readonly log: Log,
  ) {}

  /**
   * Signs them where they are others than before.
   * @returns the generation of the directory that has them; undefined where there is nothing to sign, or nowhere
   * @throws DepotError of the signing; then those before stay in force
   */
  async sign({ site, sites }: Settings): Promise<number | undefined> {
    const { directory, log, store } = this;
    this.left = undefined;
    if (directory === undefined) {
      if (sites !== null && sites.length > 0)
        log.warn({}, 'sites: nothing of it is signed before depot ca init has made the directory');
      return undefined;
    }
    if (sites === null) {
      const signed = signedSites(store, site);
      if (signed.length > 0) this.left = sitesLeft(signed);
      if (this.left !== undefined) log.warn({}, this.left);
      return undefined;
    }
    for (const warning of sitesWithoutDepots({ sites }, givenView(store, site).sites)) log.warn({}, warning);
    const changed = await directory.set(sites);
    if (changed.length === 0) return undefined;
    const generation = directory.version();
    log.info({ sites: changed, generation }, 'signed the settings of sites in the directory');
    return generation;
  }

  /** The same at the start: a directory that cannot be written is no reason not to serve. */
  async signAtStart(settings: Settings): Promise<number | undefined> {
    try {
      return await this.sign(settings);
    } catch (thrown) {
      const error = asDepotError(thrown, 'sign the settings of sites');
      this.log.error({ code: error.code, hint: error.hint }, error.message);
      return undefined;
    }
  }
}
