import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkManifest } from '../manifest/check.js';
import { childPages, type PageRef } from '../manifest/page.js';
import { applyDifference } from '../manifest/stream.js';
import { DepotError } from '../model/errors.js';
import { readCompressedText } from '../store/compressed-text.js';
import type { Job } from '../store/job.js';

export interface DifferenceInput {
  readonly base: PageRef;
  readonly root: PageRef;
  /** The compressed stream as it came; it is gone when the job ends. */
  readonly file: string;
  /** Where it goes once it is known to lead to the root: children are served from there. */
  readonly keepAs: string;
}

/** Makes the pages of a manifest from those of an older one and what differs, checked against the root that was promised. */
export const takeDifferenceJob: Job<DifferenceInput, void> = {
  name: 'take-difference',
  async run(store, { base, root, file, keepAs }) {
    try {
      applyDifference(readCompressedText(file), base, root, store.pages.read, store.pages.write);
      await store.pages.flush();
      mkdirSync(dirname(keepAs), { recursive: true });
      renameSync(file, keepAs);
    } catch (error) {
      rmSync(file, { force: true });
      if (error instanceof DepotError && error.code === 'path-refused') {
        throw new DepotError('manifest-damaged', error.message, { cause: error });
      }
      throw error;
    }
  },
};

export interface CamePages {
  readonly pages: readonly { readonly ref: PageRef; readonly compressed: Uint8Array }[];
}

export interface KeptPages {
  /** Those that were not kept, by their place: what they list is missing, and comes first. */
  readonly waiting: readonly { readonly at: number; readonly missing: readonly PageRef[] }[];
}

/** Verifies pages that came, and keeps those below which nothing is missing. @throws DepotError `manifest-damaged` */
export const keepPages: Job<CamePages, KeptPages> = {
  name: 'keep-pages',
  async run({ pages }, { pages: came }) {
    const waiting = came.flatMap(({ ref, compressed }, at) => {
      const missing = childPages(pages.decode(ref, compressed), ref).filter((child) => !pages.has(child));
      if (missing.length > 0) return [{ at, missing }];
      pages.admit(ref, compressed);
      return [];
    });
    await pages.flush();
    return { waiting };
  },
};

export interface ManifestInput {
  /** A manifest that was checked before; what both have in common need not be looked at again. */
  readonly base: PageRef | undefined;
  readonly root: PageRef;
  readonly compressedRoot: Uint8Array;
}

/** Keeps the root page of a manifest whose other pages are here, once they are known to be a manifest together. */
export const admitManifest: Job<ManifestInput, void> = {
  name: 'admit-manifest',
  async run({ pages }, { base, root, compressedRoot }) {
    const text = pages.decode(root, compressedRoot);
    checkManifest(base, root, (ref) => (ref.sha256 === root.sha256 ? text : pages.read(ref)));
    pages.admit(root, compressedRoot);
    await pages.flush();
  },
};
