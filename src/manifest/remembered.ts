import type { Change } from '../model/entry.js';
import { diffManifests } from './diff.js';
import type { PageRef, ReadPage } from './page.js';

/** Of so many changes going through their pages again costs little beside what is done about them. */
const mostRemembered = 5_000;

let last: { readonly between: string; readonly changes: readonly Change[] } | undefined;

/**
 * As `diffManifests`. The last small difference that this thread has found whole is remembered, since one cycle asks for the
 * same three or four times: to check a manifest, for the plan, for the switch, for who is below. Manifests are named by their
 * content, so it cannot be out of date.
 */
export function* rememberedDiff(from: PageRef, to: PageRef, read: ReadPage): Generator<Change> {
  const between = `${from.sha256} ${to.sha256}`;
  if (last?.between === between) {
    yield* last.changes;
    return;
  }
  const found: Change[] = [];
  let count = 0;
  for (const change of diffManifests(from, to, read)) {
    count += 1;
    if (count <= mostRemembered) found.push(change);
    yield change;
  }
  if (count <= mostRemembered) last = { between, changes: cutLoose(found) };
}

/** The strings of entries share the memory of their pages, which would be kept with them. */
function cutLoose(changes: readonly Change[]): Change[] {
  return JSON.parse(JSON.stringify(changes)) as Change[];
}
