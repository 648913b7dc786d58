import { DepotError } from '../../src/model/errors.js';

/** The code of the DepotError that some work throws, or 'accepted'. */
export function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof DepotError) return error.code;
    throw error;
  }
  return 'accepted';
}
