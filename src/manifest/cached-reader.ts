import type { PageRef, ReadPage } from './page.js';

/** Keeps the pages read last, for look-ups of many paths that lie near each other. */
export function cachedReader(read: ReadPage, pages = 64): ReadPage {
  const kept = new Map<string, string>();
  return (ref: PageRef) => {
    const known = kept.get(ref.sha256);
    if (known !== undefined) {
      kept.delete(ref.sha256);
      kept.set(ref.sha256, known);
      return known;
    }
    const text = read(ref);
    kept.set(ref.sha256, text);
    for (const oldest of kept.keys()) {
      if (kept.size <= pages) break;
      kept.delete(oldest);
    }
    return text;
  };
}
