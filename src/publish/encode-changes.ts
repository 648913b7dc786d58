import type { PageRef } from '../manifest/page.js';
import { continuedFiles } from '../manifest/predecessors.js';
import { readEntries } from '../manifest/read.js';
import type { FileEntry } from '../model/entry.js';
import { largeBytes, type EncodingName } from '../model/encoding.js';
import type { Job } from '../store/job.js';
import { encodeObject } from '../store/make-encoding.js';
import type { Store } from '../store/store.js';

export interface EncodeInput {
  /** The manifest of the generation before, if there is one, and that of the new one. */
  readonly from: PageRef | null;
  readonly to: PageRef;
}

/** How many encodings are there now, and how many did not pay. */
export interface Encoded {
  readonly ready: number;
  readonly declined: number;
}

/**
 * Makes the encodings that children will ask for: of each large file that is new, by itself and on what it was before. One
 * that nobody waits for any more is made all the same: it is there for those who poll later.
 */
export const encodeChanges: Job<EncodeInput, Encoded> = {
  name: 'encode-changes',
  background: true,
  async run(store, input, control) {
    const done = { ready: 0, declined: 0 };
    for (const name of wanted(store, input)) {
      control.throwIfStopped();
      const made = await encodeObject(store, name, control.throwIfStopped);
      if (made !== 'unknown') done[made] += 1;
    }
    return done;
  },
};

function* wanted({ pages }: Store, { from, to }: EncodeInput): Generator<EncodingName> {
  if (from === null) {
    for (const entry of readEntries(to, pages.read)) {
      if (entry.type === 'file' && entry.size > largeBytes) yield { sha256: entry.object, base: null };
    }
    return;
  }
  const isLarge = ({ size }: FileEntry): boolean => size > largeBytes;
  for (const { entry, before } of continuedFiles(from, to, pages.read, isLarge)) {
    if (!isLarge(entry)) continue;
    yield { sha256: entry.object, base: null };
    if (before !== undefined && before.object !== entry.object) yield { sha256: entry.object, base: before.object };
  }
}
