import { statSync } from 'node:fs';
import { encodeDelta, memoryOfDelta } from '../encoding/delta.js';
import { resembles } from '../encoding/resemblance.js';
import { compressWhole, isLargeWhole, memoryOfWhole, seemsCompressible, worthwhile } from '../encoding/whole.js';
import { DepotError } from '../model/errors.js';
import type { EncodingName } from '../model/encoding.js';
import { withBytesOf } from './byte-source.js';
import { writeFileDurably } from './durable.js';
import type { Job, JobControl } from './job.js';
import type { Store } from './store.js';

/** `declined`: it would not be smaller than what there is already. `unknown`: the object or its base is not here. */
export type EncodingMade = 'ready' | 'declined' | 'unknown';

/** Makes the file of an encoding, unless it is there. An empty one says that it does not pay, so that nobody tries again. */
export const makeEncoding: Job<EncodingName, EncodingMade> = {
  name: 'make-encoding',
  background: true,
  run: encodeObject,
};

/** For worker threads. */
export async function encodeObject(
  store: Store,
  name: EncodingName,
  { throwIfStopped, encoders }: Pick<JobControl, 'throwIfStopped' | 'encoders'>,
): Promise<EncodingMade> {
  const file = store.layout.encodingFile(name);
  const there = sizeOf(file);
  if (there !== undefined) return there === 0 ? 'declined' : 'ready';
  const object = checked(store, name.sha256);
  const base = name.base === null ? null : checked(store, name.base);
  if (object === undefined || base === undefined) return 'unknown';
  // A delta has to be worth more than what needs no base.
  const most = worthwhile * (name.base === null ? object.size : leastWithoutBase(store, name, object.size));
  const bytes = base === null ? memoryOfWhole(object.size) : memoryOfDelta(base.size, object.size);
  const done = encoders.take(bytes, throwIfStopped);
  try {
    await withBytesOf(object.file, async (content) => {
      if (base === null) {
        if (!seemsCompressible(content)) return;
        const { level, levelLarge } = encoders.settings;
        const isLarge = isLargeWhole(content.size);
        await writeFileDurably(
          file,
          asynchronous(compressWhole(content, isLarge ? levelLarge : level, throwIfStopped)),
        );
        return;
      }
      await withBytesOf(base.file, async (before) => {
        // Bases are guesses, by name and size, where a path has no predecessor.
        if (!resembles(before, content)) return;
        await writeFileDurably(file, asynchronous(encodeDelta(before, content, throwIfStopped)));
      });
    });
  } finally {
    done();
  }
  const size = sizeOf(file);
  if (size !== undefined && size < most) return 'ready';
  await writeFileDurably(file, new Uint8Array(0));
  return 'declined';
}

function leastWithoutBase(store: Store, { sha256 }: EncodingName, size: number): number {
  // Where it does not pay there is nothing in it.
  return sizeOf(store.layout.encodingFile({ sha256, base: null })) || size;
}

function checked(store: Store, sha256: EncodingName['sha256']) {
  try {
    return store.objects.checked(sha256);
  } catch (error) {
    if (error instanceof DepotError && /^object-(missing|damaged)$/.test(error.code)) return undefined;
    throw error;
  }
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

async function* asynchronous(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
