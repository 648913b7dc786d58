import { sha256 as hashOf, type Sha256 } from '../model/sha256.js';
import type { Job } from './job.js';

/** An object that came over the line. `bytes`: not verified yet; null: verified, and in its staging file. */
export interface ArrivedObject {
  readonly sha256: Sha256;
  readonly size: number;
  readonly mtimeMs: number;
  readonly executable: boolean;
  readonly bytes: Uint8Array | null;
}

export interface KeptObjects {
  /** Those whose bytes are not what their name says; they were not kept. */
  readonly damaged: readonly Sha256[];
}

/** Verifies small objects, and makes a batch of objects durable and part of the store; in a thread, because of the disk. */
export const keepObjects: Job<readonly ArrivedObject[], KeptObjects> = {
  name: 'keep-objects',
  async run({ objects, layout, staging }, arrived) {
    const damaged: Sha256[] = [];
    const intact: ArrivedObject[] = [];
    for (const object of arrived) {
      if (object.bytes !== null) {
        if (object.bytes.length !== object.size || hashOf(object.bytes) !== object.sha256) {
          damaged.push(object.sha256);
          continue;
        }
        staging.write(object.sha256, object.bytes);
      }
      intact.push(object);
    }
    await objects.admit(intact.map((object) => ({ ...object, from: layout.stagingFile(object.sha256) })));
    return { damaged };
  },
};
