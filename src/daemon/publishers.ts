import type { MirrorSettings } from '../config/settings.js';
import { DepotError } from '../model/errors.js';
import { MirrorPublisher, type PublisherDeps } from '../publish/publisher.js';
import type { MirrorSource } from '../publish/mirror-source.js';

/** The repositories that are published here, each with its publisher, in step with the settings. */
export class Publishers {
  private readonly byName = new Map<string, MirrorPublisher>();

  constructor(private readonly deps: PublisherDeps) {}

  /** Starts those that are new, takes over what changed, and stops those that are gone; what they published stays. */
  async configure(repositories: readonly MirrorSettings[]): Promise<void> {
    const wanted = new Set(repositories.map(({ name }) => name));
    const gone = [...this.byName].filter(([name]) => !wanted.has(name));
    for (const [name] of gone) this.byName.delete(name);
    await Promise.all(gone.map(([, publisher]) => publisher.stop()));
    for (const settings of repositories) {
      const source = sourceOf(settings);
      const running = this.byName.get(settings.name);
      if (running !== undefined) {
        running.reconfigure(source);
        continue;
      }
      const publisher = new MirrorPublisher(source, this.deps);
      this.byName.set(settings.name, publisher);
      publisher.start();
    }
  }

  find(repository: string): MirrorPublisher | undefined {
    return this.byName.get(repository);
  }

  /** @throws DepotError `not-found` */
  get(repository: string): MirrorPublisher {
    const publisher = this.byName.get(repository);
    if (publisher !== undefined) return publisher;
    const names = [...this.byName.keys()].sort().join(', ');
    throw new DepotError('not-found', `no repository ${repository} is published here`, {
      hint: names === '' ? 'publish it at its master depot: `depot status` there lists it' : `published here: ${names}`,
      retry: 'never',
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.byName.values()].map((publisher) => publisher.stop()));
  }
}

function sourceOf({ name, kind: _kind, ...source }: MirrorSettings): MirrorSource {
  return { repository: name, ...source };
}
