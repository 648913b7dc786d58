import type { MirrorSettings, PackagesSettings, PublishedSettings, Settings } from '../config/settings.js';
import { DepotError } from '../model/errors.js';
import { MirrorPublisher, type PublisherDeps } from '../publish/publisher.js';
import type { MirrorSource } from '../publish/mirror-source.js';
import { PackagesPublisher } from '../publish/packages.js';
import type { PackagesSource } from '../publish/packages-source.js';

/** The repositories that are published here, each with its publisher, in step with the settings. */
export class Publishers {
  private readonly byName = new Map<string, Publisher>();

  constructor(private readonly deps: PublisherDeps) {}

  /** Starts those that are new, takes over what changed, and stops those that are gone; what they published stays. */
  async configure({ repositories, packageTypes }: Pick<Settings, 'repositories' | 'packageTypes'>): Promise<void> {
    const kinds = new Map(repositories.map(({ name, kind }) => [name, kind]));
    const gone = [...this.byName].filter(([name, publisher]) => kindOf(publisher) !== kinds.get(name));
    for (const [name] of gone) this.byName.delete(name);
    await Promise.all(gone.map(([, publisher]) => publisher.stop()));
    for (const settings of repositories) {
      if (settings.kind === 'mirror') this.configureMirror(settings);
      else this.configurePackages(settings, packageTypes);
    }
  }

  find(repository: string): Publisher | undefined {
    return this.byName.get(repository);
  }

  /** Those of mirrors are scanned. @throws DepotError `not-found` */
  mirror(repository: string): MirrorPublisher {
    const publisher = this.get(repository);
    if (publisher instanceof MirrorPublisher) return publisher;
    throw new DepotError('bad-request', `${repository} has packages, not a source that is looked through`, {
      hint: `depot package prepare ${repository}/PACKAGE`,
      retry: 'never',
    });
  }

  /** @throws DepotError `not-found` */
  packages(repository: string): PackagesPublisher {
    const publisher = this.get(repository);
    if (publisher instanceof PackagesPublisher) return publisher;
    throw new DepotError('bad-request', `${repository} is a mirror, and has no packages`, { retry: 'never' });
  }

  /** @throws DepotError `not-found` */
  get(repository: string): Publisher {
    const publisher = this.byName.get(repository);
    if (publisher !== undefined) return publisher;
    const names = [...this.byName.keys()].sort().join(', ');
    throw new DepotError('not-found', `no repository ${repository} is published here`, {
      hint:
        names === ''
          ? `at its master depot; depot status --json names that of each repository`
          : `published here: ${names}`,
      retry: 'never',
    });
  }

  /** Ends the publisher of one repository, until it is configured again. */
  async stopOne(repository: string): Promise<void> {
    const publisher = this.byName.get(repository);
    this.byName.delete(repository);
    await publisher?.stop();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.byName.values()].map((publisher) => publisher.stop()));
  }

  private configureMirror({ name, kind: _kind, ...settings }: MirrorSettings): void {
    const source: MirrorSource = { repository: name, ...settings };
    const running = this.byName.get(name);
    if (running instanceof MirrorPublisher) return running.reconfigure(source);
    this.begin(name, new MirrorPublisher(source, this.deps));
  }

  private configurePackages(
    { name, kind: _kind, ...settings }: PackagesSettings,
    types: Settings['packageTypes'],
  ): void {
    const source: PackagesSource = { repository: name, types, ...settings, rings: settings.rings.map(memberLists) };
    const running = this.byName.get(name);
    if (running instanceof PackagesPublisher) return running.reconfigure(source);
    this.begin(name, new PackagesPublisher(source, this.deps));
  }

  private begin(name: string, publisher: Publisher): void {
    this.byName.set(name, publisher);
    publisher.start();
  }
}

type Publisher = MirrorPublisher | PackagesPublisher;

function kindOf(publisher: Publisher): PublishedSettings['kind'] {
  return publisher instanceof MirrorPublisher ? 'mirror' : 'packages';
}

/** Lists of their own: settings are frozen, records are not. */
function memberLists({ name, sites, depots }: PackagesSettings['rings'][number]) {
  return { name, sites: [...sites], depots: [...depots] };
}
