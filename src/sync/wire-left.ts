import { statSync } from 'node:fs';
import type { EncodingName } from '../model/encoding.js';
import type { Route } from '../model/route.js';
import type { Sha256 } from '../model/sha256.js';
import type { Layout } from '../store/layout.js';
import type { Store } from '../store/store.js';

interface Wanted {
  readonly sha256: Sha256;
  readonly size: number;
}

/** Where what comes of a form is kept, on the way to an object. */
export function partOf(layout: Layout, wanted: Sha256, name: EncodingName): string {
  return name.sha256 === wanted ? layout.encodingPart(name) : layout.stepPart(wanted, name);
}

/** Bytes of a form that are here. */
export function partBytes(layout: Layout, wanted: Sha256, name: EncodingName): number {
  return statSync(partOf(layout, wanted, name), { throwIfNoEntry: false })?.size ?? 0;
}

/** What of a large object has still to cross the line, at most; parts of it may be here. Null: nothing is known of its route. */
export function wireLeft({ layout, staging }: Store, { sha256, size }: Wanted, route: Route | null): number {
  const staged = staging.size(sha256);
  // What came as it is goes on as it is.
  if (staged > 0 || route === null) return Math.max(0, size - staged);
  const here = route.steps.reduce(
    (sum, { name, bytes }) => sum + Math.min(bytes ?? 0, partBytes(layout, sha256, name)),
    0,
  );
  return Math.max(0, route.bytes - here);
}
