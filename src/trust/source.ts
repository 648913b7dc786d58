import type { Fetcher } from 'tuf-js';
import { DownloadHTTPError } from 'tuf-js/dist/error.js';
import { DepotError } from '../model/errors.js';

/** Where the files of a TUF repository come from. Nothing that it gives is believed. */
export interface TufSource {
  /**
   * A file of metadata, by its name as it stands in a URL: `timestamp.json`, `7.targets.json`. Undefined: there is none.
   * What is longer than `maxBytes` need not be read on: one byte more shows it.
   */
  metadata(name: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** A target, by its path as it stands in a URL: `context/<sha256>.<name>`. */
  target(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
}

/** Any URL: tuf-js wants one to build names on, and they are taken off again. */
export const baseUrl = 'http://tuf.invalid/';

/** No file of metadata is longer, whatever length somebody signed. */
const maxMetadataBytes = 5_000_000;

const rootName = /^\d+\.root\.json$/;

/** What passed through a fetcher, since tuf-js hands on neither bytes nor errors as they came. */
export interface Passed {
  /** Each file by its name without the version: the last one that came. */
  readonly came: ReadonlyMap<string, Uint8Array>;
  readonly roots: ReadonlyMap<number, Uint8Array>;
  /** The name of the file that was asked for last. */
  readonly asked: () => string | undefined;
  /** Why the source gave nothing; forgotten with the telling. */
  readonly takeFailure: () => { readonly thrown: unknown } | undefined;
}

/** A source as tuf-js wants it. */
export function fetcherOver(
  source: TufSource,
  subject: string,
): { readonly fetcher: Fetcher; readonly passed: Passed } {
  const came = new Map<string, Uint8Array>();
  const roots = new Map<number, Uint8Array>();
  let asked: string | undefined;
  let failure: { readonly thrown: unknown } | undefined;

  async function ask(name: string, maxBytes: number): Promise<Uint8Array | undefined> {
    asked = name;
    try {
      const bytes = await source.metadata(name, maxBytes);
      if (bytes === undefined && !rootName.test(name)) throw missing(name, subject);
      if (bytes !== undefined && bytes.length > maxBytes) throw endless(name, subject, maxBytes);
      return bytes;
    } catch (thrown) {
      failure = { thrown };
      throw thrown;
    }
  }

  const fetcher: Fetcher = {
    async downloadBytes(url, signedMaxBytes) {
      const name = url.slice(baseUrl.length);
      const bytes = await ask(name, Math.min(signedMaxBytes, maxMetadataBytes));
      if (bytes === undefined) throw new DownloadHTTPError(`no ${name}`, 404); // N.root.json: N-1 is the newest
      came.set(name.replace(/^\d+\./, ''), bytes);
      if (rootName.test(name)) roots.set(Number.parseInt(name, 10), bytes);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    async downloadFile() {
      throw new DepotError('internal', 'targets are read in one piece, not by tuf-js');
    },
  };
  const takeFailure: Passed['takeFailure'] = () => {
    const taken = failure;
    failure = undefined;
    return taken;
  };
  return { fetcher, passed: { came, roots, asked: () => asked, takeFailure } };
}

export function missing(name: string, subject: string): DepotError {
  return new DepotError('parent-answer', `${name} of ${subject} is not there, though signed metadata names it`);
}

export function endless(name: string, subject: string, maxBytes: number): DepotError {
  return new DepotError(
    'head-refused',
    `${name} of ${subject} is longer than the ${maxBytes} bytes it may have: endless data`,
  );
}
