import type { PageRef } from './page.js';

/** Keeps the pages read last, as text or parsed, for look-ups of many paths that lie near each other. */
export function cachedReader<Read>(read: (ref: PageRef) => Read, pages = 64): (ref: PageRef) => Read {
  const kept = new Map<string, Read>();
  return (ref) => {
    const page = kept.get(ref.sha256) ?? read(ref);
    kept.delete(ref.sha256);
    kept.set(ref.sha256, page);
    const [oldest] = kept.keys();
    if (kept.size > pages && oldest !== undefined) kept.delete(oldest);
    return page;
  };
}
