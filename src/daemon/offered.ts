import type { Settings } from '../config/settings.js';
import { asDepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { metadataName } from '../model/metadata.js';
import { isWithin } from '../model/names.js';
import { sha256 } from '../model/sha256.js';
import type { NamedRepository } from '../serve/status-facts.js';
import type { Store } from '../store/store.js';
import type { KnownRepositories } from '../sync/known.js';
import type { Membership } from './membership.js';

/** Which repositories there are for the depots below, and for this one. */
export class Offered {
  constructor(
    private readonly store: Store,
    private readonly settings: () => Pick<Settings, 'depot' | 'site'>,
    /** Those that are published here. */
    private readonly published: () => readonly NamedRepository[],
    private readonly log: Log,
  ) {}

  /** Those that are published here, then those that the parents have. */
  list(known: KnownRepositories) {
    const { depot } = this.settings();
    const published = this.published().map(({ name, kind, context }) => ({ name, kind, context, master: depot }));
    return [...published, ...known.list().filter(({ name }) => !published.some((own) => own.name === name))];
  }

  /** Those of the company's directory in whose scope this depot stands. */
  enrolled() {
    const { site } = this.settings();
    return this.store.company.get(site)?.repositories.filter(({ context }) => isWithin(site, context));
  }

  /**
   * At the depot that holds the directory, its own repositories are in it without being asked for. A directory that cannot be
   * written is no reason not to serve.
   * @returns whether the directory says so now
   */
  async enrol({ name, kind, context }: NamedRepository, membership: Membership | undefined): Promise<boolean> {
    const root = this.store.signed.read(name, metadataName('root', 1));
    if (membership?.registry === undefined || root === undefined) return false;
    const master = this.settings().depot;
    try {
      await membership.registry.directory.enrolOwn({ name, kind, context, master, root: sha256(root) });
      return true;
    } catch (thrown) {
      const error = asDepotError(thrown, `enroll ${name}`);
      this.log.error({ code: error.code, hint: error.hint }, error.message);
      return false;
    }
  }
}
