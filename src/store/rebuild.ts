import type { Job } from './job.js';

export interface RelistResult {
  readonly files: number;
  readonly bytes: number;
  readonly damaged: number;
}

/**
 * Brings objects/ back into the catalogue after it was lost, or after a crash in the middle of an admission: hashes what
 * has no row, and notes again which repository references what. To be run before anything is served or polled, when
 * `store.needsRelist`. It may be interrupted and goes on where it stopped.
 */
export const relist: Job<Record<string, never>, RelistResult> = {
  name: 'relist',
  run() {
    throw new Error('soon');
  },
};
