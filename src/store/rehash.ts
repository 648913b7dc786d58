import type { Sha256 } from '../model/sha256.js';
import type { Job } from './job.js';
import type { FileStat } from './stat.js';

/** What re-hashing an object found; `stat` is that of the very bytes that were hashed. */
export type Rehashed =
  { readonly found: 'intact'; readonly stat: FileStat } | { readonly found: 'damaged' | 'missing' };

/** `Objects.rehash` in a worker thread, for an object that is about to be served and whose file looks altered. */
export const rehash: Job<{ readonly sha256: Sha256 }, Rehashed> = {
  name: 'rehash',
  run: (store, { sha256 }, control) => store.objects.rehash(sha256, () => control.throwIfStopped()),
};
