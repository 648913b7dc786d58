import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { decodeDelta } from '../encoding/delta.js';
import { readSolid } from '../encoding/solid.js';
import { DepotError } from '../model/errors.js';
import type { EncodingName } from '../model/encoding.js';
import type { RouteStep } from '../model/route.js';
import type { Sha256 } from '../model/sha256.js';
import { pieceBytes, piecesOf, withBytesOf } from '../store/byte-source.js';
import { syncMany } from '../store/durable.js';
import type { Job, JobControl } from '../store/job.js';
import type { Store } from '../store/store.js';
import { Arrival } from './arrival.js';
import { damagedObject } from './receive.js';

export interface DecodeInput {
  /** The encoding, in its staging file. */
  readonly name: EncodingName;
  /** Of the object; bytes. */
  readonly size: number;
  /** The forms, in their staging files too, that make its base out of what is held; none where that is held itself. */
  readonly before: readonly RouteStep[];
  /** Of an encoding on no base that is still on its way; null where it is whole. */
  readonly arrival: SharedArrayBuffer | null;
}

/** A line that brings less than it takes to keep a thread busy is not waited for longer than this in all. */
const patienceMs = 10_000;
const lookMs = 50;

/**
 * Makes an object of its encoding: when it resolves, the staging file of the object is verified, and the encoding is kept where
 * there are depots below that can use it. What is made on the way is verified, too, and gone; so is a form that is not right.
 * @returns false where the encoding did not come to its end, or not in time: what was made of it is dropped
 * @throws DepotError `object-damaged`, `object-missing` where the base is not here any more
 */
export const decodeObject: Job<DecodeInput, boolean> = {
  name: 'decode-object',
  async run(store, { name, size, before, arrival }, control) {
    const between: string[] = [];
    const made = store.layout.scratchFile(`decoded-${name.sha256}`);
    try {
      for (const [at, step] of before.entries()) {
        const file = store.layout.scratchFile(`decoded-${name.sha256}-${at}`);
        between.push(file);
        await decode(
          store,
          { ...step, part: store.staging.formFile(name.sha256, step.name), base: between[at - 1] },
          file,
          control,
        );
      }
      const part = store.layout.encodingPart(name);
      await decode(store, { name, size, part, base: between.at(-1), arrival }, made, control);
      renameSync(made, store.layout.stagingFile(name.sha256));
      await keepEncoding(store, name, part);
      return true;
    } catch (error) {
      rmSync(made, { force: true });
      if (error instanceof NotYet) return false;
      throw error;
    } finally {
      for (const file of between) rmSync(file, { force: true });
    }
  },
};

interface Encoded {
  readonly name: EncodingName;
  /** Of what it makes. */
  readonly size: number;
  /** Where it is. */
  readonly part: string;
  /** The file of its base, where that is no object that is held. */
  readonly base: string | undefined;
  readonly arrival?: SharedArrayBuffer | null;
}

/** Makes a file of an encoding, verified; one that is not right is removed. */
async function decode(store: Store, encoded: Encoded, file: string, control: JobControl): Promise<void> {
  const { name, size, part, base, arrival = null } = encoded;
  const write = (content: Iterable<Uint8Array>): void => writeVerified(file, content, { ...name, size }, control);
  try {
    if (name.base === null) {
      const pieces = arrival === null ? piecesOf(part) : piecesAsTheyCome(part, new Arrival(arrival), control);
      write(readSolid(new Uint8Array(0), pieces, size, Buffer.allocUnsafe(pieceBytes)));
      return;
    }
    await withBytesOf(base ?? store.objects.checked(name.base).file, (before) =>
      withBytesOf(part, (delta) => write(decodeDelta(delta, before, size))),
    );
  } catch (error) {
    if (error instanceof DepotError && error.code !== 'interrupted') rmSync(part, { force: true });
    throw error;
  }
}

function writeVerified(
  file: string,
  content: Iterable<Uint8Array>,
  { sha256, size }: { readonly sha256: Sha256; readonly size: number },
  control: JobControl,
): void {
  const hash = createHash('sha256');
  let length = 0;
  const descriptor = openSync(file, 'w');
  try {
    for (const piece of content) {
      control.throwIfStopped();
      hash.update(piece);
      length += piece.length;
      for (let at = 0; at < piece.length;) at += writeSync(descriptor, piece, at);
    }
  } finally {
    closeSync(descriptor);
  }
  if (length === size && hash.digest('hex') === sha256) return;
  throw damagedObject(sha256, 'what its encoding holds hashes to something else');
}

async function keepEncoding(store: Store, name: EncodingName, part: string): Promise<void> {
  const isOfUse = name.base === null || store.objects.has(name.base);
  if (!isOfUse || !store.demands.hasChildren()) {
    rmSync(part, { force: true });
    return;
  }
  // Others will be given it: what a power cut would leave of it must not be.
  await syncMany(store.layout.data, [part]);
  renameSync(part, store.layout.encodingFile(name));
}

/** The encoding did not come to its end, or not in time. */
class NotYet extends Error {}

/** Blocks the thread while nothing comes. */
function* piecesAsTheyCome(file: string, arrival: Arrival, control: JobControl): Generator<Uint8Array> {
  // Whoever writes the file is this thread itself.
  if (isMainThread) throw new NotYet();
  const piece = Buffer.allocUnsafe(pieceBytes);
  const descriptor = openSync(file, 'r');
  try {
    for (let waited = 0; ;) {
      const { state, count } = arrival.look();
      const length = readSync(descriptor, piece);
      if (length > 0) {
        yield piece.subarray(0, length);
        continue;
      }
      if (state === 'whole') return;
      if (state === 'ended' || waited > patienceMs) throw new NotYet();
      control.throwIfStopped();
      const before = performance.now();
      arrival.wait(count, lookMs);
      waited += performance.now() - before;
    }
  } finally {
    closeSync(descriptor);
  }
}
