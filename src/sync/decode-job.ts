import { createHash } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { decodeDelta } from '../encoding/delta.js';
import type { ByteSource } from '../encoding/bytes.js';
import { readSolid } from '../encoding/solid.js';
import { DepotError } from '../model/errors.js';
import type { EncodingName } from '../model/encoding.js';
import { withBytesOf } from '../store/byte-source.js';
import { syncMany } from '../store/durable.js';
import type { Job } from '../store/job.js';
import { damagedObject } from './receive.js';

export interface DecodeInput {
  /** The encoding, whole, in its staging file. */
  readonly name: EncodingName;
  /** Of the object; bytes. */
  readonly size: number;
}

/**
 * Makes an object of its encoding: when it resolves, the staging file of the object is verified, and the encoding is kept where
 * there are depots below. One that is not right is gone.
 * @throws DepotError `object-damaged`, `object-missing` where the base is not here any more
 */
export const decodeObject: Job<DecodeInput, null> = {
  name: 'decode-object',
  async run(store, { name, size }, control) {
    const part = store.layout.encodingPart(name);
    const object = store.layout.stagingFile(name.sha256);
    try {
      await withBytesOf(part, async (encoded) => {
        if (name.base === null) {
          write(readSolid(new Uint8Array(0), pieces(encoded), size));
          return;
        }
        const base = store.objects.checked(name.base);
        await withBytesOf(base.file, (before) => write(decodeDelta(encoded, before, size)));
      });
    } catch (error) {
      if (error instanceof DepotError && error.code !== 'interrupted') {
        rmSync(part, { force: true });
        rmSync(object, { force: true });
      }
      throw error;
    }
    if (!store.demands.hasChildren()) {
      rmSync(part, { force: true });
      return null;
    }
    // Others will be given it: what a power cut would leave of it must not be.
    await syncMany(store.layout.data, [part]);
    renameSync(part, store.layout.encodingFile(name));
    return null;

    function write(content: Iterable<Uint8Array>): void {
      const hash = createHash('sha256');
      let length = 0;
      const descriptor = openSync(object, 'w');
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
      if (length === size && hash.digest('hex') === name.sha256) return;
      throw damagedObject(name.sha256, 'what its encoding holds hashes to something else');
    }
  },
};

function* pieces({ size, read }: ByteSource): Generator<Uint8Array> {
  const piece = Buffer.allocUnsafe(256 * 1024);
  for (let position = 0; position < size;) {
    const length = read(piece, position);
    if (length === 0) return;
    yield piece.subarray(0, length);
    position += length;
  }
}
