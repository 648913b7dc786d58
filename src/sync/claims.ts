import type { Sha256 } from '../model/sha256.js';

/**
 * Objects that a cycle of this depot is fetching. Another repository's cycle that wants one of them leaves it out, and
 * looks again when the claim ends: the same bytes never travel twice, and no two transfers write one staging file.
 */
export class Claims {
  private readonly held = new Map<Sha256, Promise<void>>();

  /** The end of another cycle's claim on the object, where there is one. */
  get(object: Sha256): Promise<void> | undefined {
    return this.held.get(object);
  }

  /** Claims objects, until `release` is called. */
  take(objects: readonly Sha256[]): { readonly ended: Promise<void>; release(): void } {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    for (const object of objects) this.held.set(object, ended);
    const release = (): void => {
      for (const object of objects) this.held.delete(object);
      end();
    };
    return { ended, release };
  }
}
