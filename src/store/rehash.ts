import type { Sha256 } from '../model/sha256.js';
import type { Job } from './job.js';
import type { FileStat } from './stat.js';

/** What re-hashing an object found; `stat` is that of the very bytes that were hashed. */
export type Rehashed =
  { readonly found: 'intact' | 'damaged'; readonly stat: FileStat } | { readonly found: 'missing' };

/** Hashes one object and, where it is intact, records its stat, so that it is trusted again. */
export const rehash: Job<{ readonly sha256: Sha256 }, Rehashed> = {
  name: 'rehash',
  run() {
    throw new Error('soon');
  },
};
