import { dirname } from 'node:path/posix';
import type { Store } from '../store/store.js';

/**
 * The paths of a repository whose change waits for approval: files that the publisher deleted and that still stand in the
 * installation copy, and entries that cannot come into place while those stand.
 */
export class HeldPaths {
  private readonly folders = new Set<string>();

  private constructor(private readonly holds: Map<string, string>) {
    for (const path of holds.keys()) {
      for (let folder = dirname(path); folder !== '.' && !this.folders.has(folder); folder = dirname(folder)) {
        this.folders.add(folder);
      }
    }
  }

  static load(store: Store, repository: string): HeldPaths {
    const holds = new Map<string, string>();
    for (const hold of store.holds.list(repository)) {
      for (const { path } of store.holds.paths(hold.id)) holds.set(path, hold.id);
    }
    return new HeldPaths(holds);
  }

  get isEmpty(): boolean {
    return this.holds.size === 0;
  }

  /** The hold that the path belongs to. */
  holdOf(path: string): string | undefined {
    return this.holds.get(path);
  }

  /** The hold that keeps an entry from coming into place: its path is a folder of a held file, or lies below one. */
  blocking(path: string): string | undefined {
    if (this.isEmpty) return undefined;
    if (this.folders.has(path)) {
      for (const [held, id] of this.holds) if (held.startsWith(`${path}/`)) return id;
    }
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
      const id = this.holds.get(folder);
      if (id !== undefined) return id;
    }
    return undefined;
  }
}
