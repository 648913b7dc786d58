import { diffManifests } from '../../src/manifest/diff.js';
import type { PageRef, ReadPage } from '../../src/manifest/page.js';
import { repeatable } from '../../src/manifest/repeatable.js';
import { encodeDifference } from '../../src/manifest/stream.js';

/** The whole text of the difference stream between two manifests. */
export function differenceText(from: PageRef, to: PageRef, read: ReadPage): string {
  const changes = repeatable(() => diffManifests(from, to, read));
  return [...encodeDifference(from, to, changes, read)].join('');
}
