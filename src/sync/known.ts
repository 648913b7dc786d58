import { readFileSync } from 'node:fs';
import { directoryMessage, type DirectoryMessage } from '../protocol/messages.js';
import { writeFileDurably } from '../store/durable.js';

export type KnownRepository = DirectoryMessage['repositories'][number];

/**
 * The repositories that the parents say exist in this depot's scope. Kept in a file, so that a depot whose parent is
 * away knows them after a restart, and serves them on.
 */
export class KnownRepositories {
  private readonly byParent: Map<string, readonly KnownRepository[]>;
  private parentUrls: readonly string[] = [];

  /** @param enrolled those of the signed directory, which are believed alone; undefined where this depot has not joined */
  constructor(
    private readonly file: string,
    private readonly enrolled: () => readonly KnownRepository[] | undefined,
  ) {
    this.byParent = new Map(Object.entries(readKept(file)));
  }

  list(): readonly KnownRepository[] {
    const enrolled = this.enrolled();
    if (enrolled !== undefined) return enrolled;
    const byName = new Map<string, KnownRepository>();
    for (const repositories of this.byParent.values()) {
      for (const repository of repositories) if (!byName.has(repository.name)) byName.set(repository.name, repository);
    }
    return [...byName.values()];
  }

  /** Whether the parent has said which there are. */
  isFrom(parentUrl: string): boolean {
    return this.byParent.has(parentUrl);
  }

  async set(parentUrl: string, repositories: readonly KnownRepository[]): Promise<void> {
    this.byParent.set(parentUrl, repositories);
    this.dropGone();
    await this.write();
  }

  /** Takes over which parents there are. What others said holds until all of these have spoken: children are served by it. */
  async configure(parentUrls: readonly string[]): Promise<void> {
    this.parentUrls = parentUrls;
    if (this.dropGone()) await this.write();
  }

  private dropGone(): boolean {
    if (!this.parentUrls.every((url) => this.byParent.has(url))) return false;
    const gone = [...this.byParent.keys()].filter((url) => !this.parentUrls.includes(url));
    for (const url of gone) this.byParent.delete(url);
    return gone.length > 0;
  }

  private async write(): Promise<void> {
    const kept = Object.fromEntries(this.byParent);
    await writeFileDurably(this.file, `${JSON.stringify(kept, undefined, 1)}\n`);
  }
}

/** A file that cannot be read or parsed counts as none: the next poll brings it anew. */
function readKept(file: string): Record<string, KnownRepository[]> {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(kept).map(([url, list]) => [url, directoryMessage.shape.repositories.parse(list)]),
    );
  } catch {
    return {};
  }
}
