/** One daemon a data directory. */
export interface Lock {
  release(): void;
}

/** @throws DepotError `data-locked`, naming the pid that holds it and since when */
export function acquireLock(_data: string, _nowMs: number): Lock {
  throw new Error('soon');
}
