import { closeSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { unpackBundle } from '../encoding/bundle.js';
import { prefixOf } from '../encoding/solid.js';
import { DepotError } from '../model/errors.js';
import { sha256 as hashOf, type Sha256 } from '../model/sha256.js';
import type { AdmittedObject } from '../store/admission.js';
import type { Job } from '../store/job.js';
import type { WantedObject } from './plan.js';

export interface UnpackInput {
  readonly repository: string;
  /** The bundle as far as it came; it is gone when the job ends. */
  readonly file: string;
  /** What was asked for, in that order, and what it was made on. */
  readonly wanted: readonly WantedObject[];
  readonly bases: readonly Sha256[];
}

export interface Unpacked {
  /** What is durable and in the store now. */
  readonly kept: readonly Sha256[];
  /** Why the rest could not be taken from it, where it could not. */
  readonly fault: string | null;
}

/** Objects that become durable together. */
const batchObjects = 500;

/** Verifies the objects of a bundle one by one, makes them part of the store, and strikes them off the plan. */
export const unpackObjects: Job<UnpackInput, Unpacked> = {
  name: 'unpack-objects',
  async run(store, { repository, file, wanted, bases }) {
    const kept: Sha256[] = [];
    let batch: AdmittedObject[] = [];
    const admit = async (): Promise<void> => {
      await store.objects.admit(batch);
      kept.push(...batch.map(({ sha256 }) => sha256));
      batch = [];
    };
    let fault: string | null = null;
    try {
      const prefix = prefixOf(bases.map((base) => readFileSync(store.objects.checked(base).file)));
      const sizes = wanted.map(({ size }) => size);
      for await (const { place, bytes } of unpackBundle(pieces(file), prefix, sizes)) {
        const object = wanted[place];
        if (object === undefined || hashOf(bytes) !== object.sha256) {
          throw new DepotError('object-damaged', `object ${object?.sha256 ?? place} hashes to something else`);
        }
        if (store.objects.has(object.sha256)) {
          kept.push(object.sha256);
          continue;
        }
        store.staging.write(object.sha256, bytes);
        batch.push({ ...object, from: store.layout.stagingFile(object.sha256) });
        if (batch.length >= batchObjects) await admit();
      }
    } catch (error) {
      if (!isOfTheBundle(error)) throw error;
      fault = error.message;
    } finally {
      rmSync(file, { force: true });
    }
    await admit();
    store.transfers.done(repository, kept);
    return { kept, fault };
  },
};

/** Its objects can be asked for one by one; what else goes wrong would go wrong there, too. */
function isOfTheBundle(error: unknown): error is DepotError {
  return error instanceof DepotError && /^(object-damaged|object-missing|transfer-cut)$/.test(error.code);
}

function* pieces(file: string): Generator<Uint8Array> {
  const piece = Buffer.allocUnsafe(256 * 1024);
  const descriptor = openSync(file, 'r');
  try {
    for (let length = readSync(descriptor, piece); length > 0; length = readSync(descriptor, piece)) {
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(descriptor);
  }
}
