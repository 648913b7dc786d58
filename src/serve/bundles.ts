import { createHash } from 'node:crypto';
import { packBundle, type BundledFile } from '../encoding/bundle.js';
import { prefixOf } from '../encoding/solid.js';
import { DepotError } from '../model/errors.js';
import type { Sha256 } from '../model/sha256.js';
import type { BundleRequest } from '../protocol/bundle.js';
import { limits } from '../protocol/limits.js';
import type { Job, RunJob } from '../store/job.js';
import type { Store } from '../store/store.js';

export interface Bundle {
  readonly bytes: Uint8Array;
  /** Whether it is made on the bases that were asked for; otherwise on nothing. */
  readonly isOnBases: boolean;
}

/** Bundles that were asked for lately, bytes: siblings that poll one after the other ask for the same. */
const rememberedBytes = 64 * 1024 ** 2;

/** zstd's own usual; a fast line is not kept waiting. */
const level = 3;
/** From here on zstd finds small changes in what both sides hold; below it looks at too few places. */
const levelOnBases = 9;

/** Bundles for children: equal requests are answered by one making. */
export class Bundles {
  private readonly made = new Map<string, Promise<Bundle>>();
  private readonly sizes = new Map<string, number>();

  constructor(private readonly run: RunJob) {}

  async get(repository: string, body: Uint8Array, request: BundleRequest): Promise<Bundle> {
    const key = createHash('sha256').update(`${repository}\n`).update(body).digest('hex');
    const before = this.made.get(key);
    if (before !== undefined) return before;
    const making = this.run(makeBundle, { repository, ...request });
    this.made.set(key, making);
    try {
      const bundle = await making;
      this.remember(key, bundle.bytes.length);
      return bundle;
    } catch (error) {
      this.made.delete(key);
      throw error;
    }
  }

  private remember(key: string, size: number): void {
    this.sizes.set(key, size);
    let total = 0;
    for (const each of this.sizes.values()) total += each;
    for (const [oldest, bytes] of this.sizes) {
      if (total <= rememberedBytes) return;
      total -= bytes;
      this.sizes.delete(oldest);
      this.made.delete(oldest);
    }
  }
}

/**
 * Reads what a bundle is asked for, and packs it. What is not the repository's, not here, or too much is left out: the child
 * asks for that by its whole name, and is told why it does not get it.
 */
export const makeBundle: Job<BundleRequest & { readonly repository: string }, Bundle> = {
  name: 'make-bundle',
  async run(store, { repository, objects, bases }, control) {
    const prefix = readBases(store, repository, bases);
    const files = chosen(store, repository, objects, control.throwIfStopped);
    const isOnBases = prefix !== undefined && bases.length > 0;
    const bytes = await packBundle(files, prefix ?? prefixOf([]), isOnBases ? levelOnBases : level);
    // A view would take all that it looks at along, to the other thread and into what is remembered.
    return { bytes: new Uint8Array(bytes), isOnBases };
  },
};

function* chosen(
  store: Store,
  repository: string,
  objects: readonly string[],
  throwIfStopped: () => void,
): Generator<BundledFile> {
  let room: number = limits.bundleBytes;
  for (const [place, object] of store.objects.named(repository, objects).entries()) {
    if (place % 100 === 0) throwIfStopped();
    const bytes = object === undefined ? undefined : readObject(store, object, room);
    if (bytes === undefined) continue;
    room -= bytes.length;
    yield { place, bytes };
  }
}

/** All of them in their order, or none: a child lays all that it names. */
function readBases(store: Store, repository: string, bases: readonly string[]): Uint8Array | undefined {
  let room: number = limits.bundleBytes;
  const contents: Uint8Array[] = [];
  for (const object of store.objects.named(repository, bases)) {
    const bytes = object === undefined ? undefined : readObject(store, object, room);
    if (bytes === undefined) return undefined;
    room -= bytes.length;
    contents.push(bytes);
  }
  return prefixOf(contents);
}

/** Undefined for one that is not held, is damaged, or is larger than what there is room for. */
function readObject(store: Store, object: Sha256, room: number): Uint8Array | undefined {
  try {
    return store.objects.read(object, Math.min(room, limits.bundledObjectBytes));
  } catch (error) {
    if (error instanceof DepotError && (error.code === 'object-missing' || error.code === 'object-damaged'))
      return undefined;
    throw error;
  }
}
