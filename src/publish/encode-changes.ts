import type { PageRef } from '../manifest/page.js';
import { continuedFiles } from '../manifest/predecessors.js';
import { readEntries } from '../manifest/read.js';
import type { FileEntry } from '../model/entry.js';
import { largeBytes, type EncodingName } from '../model/encoding.js';
import { travelForms, type TravelRules } from '../model/travel.js';
import type { Job } from '../store/job.js';
import { encodeObject } from '../store/make-encoding.js';
import type { Store } from '../store/store.js';

export interface EncodeInput {
  /** The manifests of the generations before, newest first; none before the first. */
  readonly from: readonly PageRef[];
  readonly to: PageRef;
  readonly travel: TravelRules;
  /** False: only what is compressed by itself; deltas are made when they are asked for. */
  readonly withDeltas: boolean;
}

/** How many encodings are there now, and how many did not pay. */
export interface Encoded {
  readonly ready: number;
  readonly declined: number;
}

/**
 * Makes the encodings that children will ask for: of each large file that is new, by itself and on what it was in
 * the generations before, for those who are not at the last one. One that nobody waits for any more is made all the same: it is there for those who poll later.
 */
export const encodeChanges: Job<EncodeInput, Encoded> = {
  name: 'encode-changes',
  background: true,
  async run(store, input, control) {
    const done = { ready: 0, declined: 0 };
    for (const name of wanted(store, input)) {
      control.throwIfStopped();
      const made = await encodeObject(store, name, control);
      if (made !== 'unknown') done[made] += 1;
    }
    return done;
  },
};

/** The nearest generation first: most children come from there. */
function* wanted({ pages }: Store, { from, to, travel, withDeltas }: EncodeInput): Generator<EncodingName> {
  const formOf = travelForms(travel);
  const isLarge = (file: FileEntry): boolean => file.size > largeBytes && formOf(file) !== 'raw';
  const isCompressed = (file: FileEntry): boolean => isLarge(file) && formOf(file) === 'any';
  if (from.length === 0) {
    for (const entry of readEntries(to, pages.read)) {
      if (entry.type === 'file' && isCompressed(entry)) yield { sha256: entry.object, base: null };
    }
  }
  for (const older of from) {
    if (!pages.has(older)) continue;
    for (const { entry, before } of continuedFiles(older, to, pages.read, isLarge)) {
      if (!isLarge(entry)) continue;
      if (older === from[0] && isCompressed(entry)) yield { sha256: entry.object, base: null };
      if (withDeltas && before !== undefined && before.object !== entry.object)
        yield { sha256: entry.object, base: before.object };
    }
  }
}
