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

export interface KeepInput {
  /** The shipment that they are of. */
  readonly shipment: number;
  readonly arrived: readonly ArrivedObject[];
}

export interface KeptObjects {
  /** Those whose bytes are not what their name says; they were not kept. */
  readonly damaged: readonly Sha256[];
}

/** Verifies small objects, and makes a batch of objects durable and part of the store; in a thread, because of the disk. */
export const keepObjects: Job<KeepInput, KeptObjects> = {
  name: 'keep-objects',
  async run({ objects, layout, transfers }, { shipment, arrived }) {
    const isIntact = ({ sha256, size, bytes }: ArrivedObject): boolean =>
      bytes === null || (bytes.length === size && hashOf(bytes) === sha256);
    const fresh = arrived.filter(({ sha256 }) => !objects.has(sha256));
    const intact = fresh.filter(isIntact);
    await objects.admit(
      intact.map((object) => ({ ...object, from: object.bytes ?? layout.stagingFile(object.sha256) })),
    );
    transfers.recount(shipment, arrived.length - (fresh.length - intact.length));
    const kept = new Set(intact);
    return { damaged: fresh.filter((object) => !kept.has(object)).map(({ sha256 }) => sha256) };
  },
};
