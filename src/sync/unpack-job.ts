import { readFileSync, rmSync } from 'node:fs';
import { unpackBundle } from '../encoding/bundle.js';
import { prefixOf } from '../encoding/solid.js';
import { DepotError } from '../model/errors.js';
import { sha256 as hashOf, type Sha256 } from '../model/sha256.js';
import { piecesOf } from '../store/byte-source.js';
import type { AdmittedObject } from '../store/admission.js';
import type { Job } from '../store/job.js';
import type { Shipment } from '../store/transfers.js';

export interface UnpackInput {
  readonly shipment: number;
  /** The bundle as far as it came; it is gone when the job ends. */
  readonly file: string;
  /** What was asked for, in that order, and what it was made on. */
  readonly wanted: Shipment;
  readonly bases: readonly Sha256[];
}

export interface Unpacked {
  /** What is durable and in the store now. */
  readonly kept: readonly Sha256[];
  /** Why the rest could not be taken from it, where it could not. */
  readonly fault: string | null;
}

/** Verifies the objects of a bundle one by one, makes them part of the store together, and strikes them off the plan. */
export const unpackObjects: Job<UnpackInput, Unpacked> = {
  name: 'unpack-objects',
  async run(store, { shipment, file, wanted, bases }) {
    const batch: AdmittedObject[] = [];
    let fault: string | null = null;
    try {
      const prefix = prefixOf(bases.map((base) => readFileSync(store.objects.checked(base).file)));
      const sizes = wanted.map(({ size }) => size);
      for await (const { place, bytes } of unpackBundle(piecesOf(file), prefix, sizes)) {
        const object = wanted[place];
        if (object === undefined || hashOf(bytes) !== object.sha256) {
          throw new DepotError('object-damaged', `object ${object?.sha256 ?? place} hashes to something else`);
        }
        batch.push({ ...object, from: bytes });
      }
    } catch (error) {
      if (!isOfTheBundle(error)) throw error;
      fault = error.message;
    } finally {
      rmSync(file, { force: true });
    }
    await store.objects.admit(batch);
    store.transfers.recount(shipment, batch.length);
    return { kept: batch.map(({ sha256 }) => sha256), fault };
  },
};

/** Its objects can be asked for one by one; what else goes wrong would go wrong there, too. */
function isOfTheBundle(error: unknown): error is DepotError {
  return error instanceof DepotError && /^(object-damaged|object-missing|transfer-cut)$/.test(error.code);
}
