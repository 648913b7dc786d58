import type { Route } from '../model/route.js';
import type { Sha256 } from '../model/sha256.js';
import type { Store } from '../store/store.js';

interface Wanted {
  readonly sha256: Sha256;
  readonly size: number;
}

/** What of a large object has still to cross the line, at most; parts of it may be here. Null: nothing is known of its route. */
export function wireLeft({ staging }: Store, { sha256, size }: Wanted, route: Route | null): number {
  const staged = staging.size(sha256);
  // What came as it is goes on as it is.
  if (staged > 0 || route === null) return Math.max(0, size - staged);
  const here = route.steps.reduce(
    (sum, { name, bytes }) => sum + Math.min(bytes ?? 0, staging.formBytes(sha256, name)),
    0,
  );
  return Math.max(0, route.bytes - here);
}
