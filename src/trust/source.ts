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

/** A source as tuf-js wants it, which remembers what passed, since tuf-js hands on neither bytes nor errors as they came. */
export class SourceFetcher implements Fetcher {
  /** Each file by its name without the version: the last one that came. */
  readonly came = new Map<string, Uint8Array>();
  readonly roots = new Map<number, Uint8Array>();
  asked: string | undefined;
  private failure: { readonly thrown: unknown } | undefined;

  constructor(
    private readonly source: TufSource,
    private readonly subject: string,
  ) {}

  /** Forgets why the source gave nothing; hands over what it threw, if it did. */
  takeFailure(): { readonly thrown: unknown } | undefined {
    const { failure } = this;
    this.failure = undefined;
    return failure;
  }

  async downloadBytes(url: string, signedMaxBytes: number): Promise<Buffer> {
    const name = url.slice(baseUrl.length);
    this.asked = name;
    const bytes = await this.ask(name, Math.min(signedMaxBytes, maxMetadataBytes));
    if (bytes === undefined) throw new DownloadHTTPError(`no ${name}`, 404); // after N.root.json: N-1 is the newest
    this.came.set(name.replace(/^\d+\./, ''), bytes);
    if (rootName.test(name)) this.roots.set(Number.parseInt(name, 10), bytes);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Of the interface; targets are read in one piece, without a file between. */
  async downloadFile(): Promise<never> {
    throw new DepotError('internal', 'tuf-js is not asked to download targets');
  }

  private async ask(name: string, maxBytes: number): Promise<Uint8Array | undefined> {
    try {
      const bytes = await this.source.metadata(name, maxBytes);
      if (bytes === undefined && !rootName.test(name)) throw missing(name, this.subject);
      if (bytes !== undefined && bytes.length > maxBytes) throw endless(name, this.subject, maxBytes);
      return bytes;
    } catch (thrown) {
      this.failure = { thrown };
      throw thrown;
    }
  }
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
