import * as z from 'zod';
import type { PageRef } from '../manifest/page.js';
import { issuedShape, type ClimbMessage, type IssuedMessage, type JoinMessage } from '../model/enrolment.js';
import type { EncodingName } from '../model/encoding.js';
import { DepotError } from '../model/errors.js';
import type { MetadataName } from '../model/metadata.js';
import { isName } from '../model/names.js';
import { sha256 as hashOf, type Sha256 } from '../model/sha256.js';
import {
  accept,
  atMost,
  checkBinary,
  checkPart,
  checkRange,
  checkTag,
  exactly,
  lengthOf,
  parseJson,
  readJson,
  readJsonBytes,
  refusalOf,
  whole,
  wholeOf,
} from './acceptance.js';
import { notTheProtocol } from './answers.js';
import { collect, type Floor } from './body.js';
import { formatBundleRequest } from './bundle.js';
import { Connections } from './connections.js';
import { exchange, type Answer } from './exchange.js';
import { counted, inFrames, type Part } from './frames.js';
import type { Keeper, Line } from './line.js';
import { compressedBound, limits } from './limits.js';
import {
  directoryMessage,
  formatMessage,
  reportAnswer,
  stateMessage,
  type DirectoryMessage,
  type ReportAnswer,
  type ReportMessage,
  type StateMessage,
} from './messages.js';
import { rateHeader } from './pace.js';
import { formatRoute, type Route } from './routes.js';
import type { ClientTls } from './tls.js';

export interface ParentOptions {
  /** Of the parent; a path in it is a prefix of all routes. */
  readonly url: string;
  /** What an `https:` parent is shown, and how it is judged. */
  readonly tls?: ClientTls | undefined;
  /** URL of an HTTP proxy towards an `https:` parent. */
  readonly proxy?: string | undefined;
  /**
   * Who asks: this depot, its site and its version. Without TLS mere claims (README section 1). Undefined while only the
   * parent knows whose certificate this is.
   */
  readonly depot: string | undefined;
  readonly site: string | undefined;
  readonly version: string;
  /** Objects under way at once; those beyond wait. Other requests have connections of their own. */
  readonly connections?: number;
  readonly connectMs?: number;
  /** From the request to the headers of its answer. */
  readonly headersMs?: number;
  readonly floor?: Floor;
  /** What all requests go by; without one nothing limits them. */
  readonly line?: Line;
}

/** The bytes of an object from `offset` on: the one asked for, or 0 where the parent does not do ranges. */
export interface ObjectBody {
  readonly offset: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * One parent, as its children talk to it. What comes back has the promised form and size; whether it is true is for the
 * caller to check against the head and the hashes. Each method rejects with a `DepotError`: `parent-unreachable`,
 * `parent-busy`, `parent-answer`, `certificate-refused`, `transfer-cut`, `interrupted`, or the parent's own refusal
 * (`not-found`, ...).
 * A body that is given as chunks holds a connection until it is read to its end or its iteration is ended.
 */
export class ParentClient {
  private readonly connections: Connections;
  private readonly origin: string;
  private readonly prefix: string;
  private readonly identity: Readonly<Record<string, string>>;
  private readonly floor: Floor;
  private readonly isSecure: boolean;
  private readonly line: Line | undefined;
  private named: string | undefined;
  /** Whether it keeps to a rate; not until it has said so. */
  private keeper: Keeper = 'does-not';

  /** @throws DepotError `certificate-refused` for an `https:` URL without `tls` */
  constructor(options: ParentOptions) {
    const url = new URL(options.url);
    this.prefix = url.pathname.replace(/\/+$/, '');
    this.origin = url.origin;
    this.isSecure = url.protocol === 'https:';
    const { connections = 16, connectMs = 10_000, headersMs = 60_000, tls, proxy } = options;
    this.line = options.line;
    const { traffic } = options.line ?? {};
    this.connections = new Connections(url, { connections, connectMs, headersMs, tls, proxy, traffic });
    this.floor = options.floor ?? limits.floor;
    this.identity = {
      ...(options.depot === undefined ? {} : { 'depotd-depot': options.depot }),
      ...(options.site === undefined ? {} : { 'depotd-site': options.site }),
      'depotd-version': options.version,
    };
  }

  /**
   * Who the parent is by its certificate, or without TLS whom it said it is in its last answer; undefined before that, and
   * for a server that is no depot.
   */
  get parentDepot(): string | undefined {
    return this.isSecure ? this.connections.peer?.depot : this.named;
  }

  /** Whether `parentDepot` is more than a claim. */
  get isAuthenticated(): boolean {
    return this.connections.peer !== undefined;
  }

  /** @param held hash of the directory that the caller has */
  async directory(
    held?: string,
    signal?: AbortSignal,
  ): Promise<'unchanged' | { readonly hash: Sha256; readonly directory: DirectoryMessage }> {
    const answer = await this.get({ name: 'directory' }, held === undefined ? undefined : `"${held}"`, signal);
    if (answer === 'unchanged') return answer;
    const bytes = await readJsonBytes(answer, limits.directoryBytes);
    return { hash: hashOf(bytes), directory: parseJson(answer, bytes, directoryMessage) };
  }

  /** @param etag of the state that the caller has */
  async state(
    repository: string,
    etag?: string,
    signal?: AbortSignal,
  ): Promise<'unchanged' | { readonly etag: string; readonly state: StateMessage }> {
    this.line?.polled(repository);
    const answer = await this.get({ name: 'state', repository }, etag, signal);
    if (answer === 'unchanged') return answer;
    const bytes = await readJsonBytes(answer, limits.stateBytes);
    // Else a state that was altered on its way would be believed for as long as the true one does not change.
    checkTag(answer, hashOf(bytes));
    const state = parseJson(answer, bytes, stateMessage);
    if (state.repository !== repository) throw notTheProtocol(answer, `answered the state of ${state.repository}`);
    return { etag: usableTag(answer) ?? `"${hashOf(bytes)}"`, state };
  }

  /** The bytes of a file of signed metadata, unread; undefined where the parent has none of that name. */
  async metadata(
    repository: string,
    file: MetadataName,
    maxBytes: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    return this.file({ name: 'metadata', repository, file }, maxBytes, signal);
  }

  /** Likewise a file of the company's directory: signed metadata, or a document that it names. */
  async company(file: string, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return this.file({ name: 'company', file }, maxBytes, signal);
  }

  /** The page as the parent has it, compressed. */
  async page(repository: string, page: PageRef, signal?: AbortSignal): Promise<Uint8Array> {
    if (page.length > limits.pageTextBytes) {
      throw new DepotError(
        'manifest-damaged',
        `page ${page.sha256} of ${repository} is said to have ${page.length} bytes`,
      );
    }
    this.line?.admitSmall(page.length, repository);
    const answer = await this.ask({ name: 'page', repository, sha256: page.sha256 }, {}, [200], signal);
    checkBinary(answer);
    return whole(answer, compressedBound(page.length));
  }

  /** An object that is part of what is signed, such as the record of a package: it passes a closed line as pages do. */
  async smallObject(repository: string, sha256: Sha256, size: number, signal?: AbortSignal): Promise<Uint8Array> {
    this.line?.admitSmall(size, repository);
    const answer = await this.ask({ name: 'object', repository, sha256 }, {}, [200], signal);
    return whole(answer, size);
  }

  /** The compressed difference stream between two manifests; undefined where the parent has none to give. */
  async difference(
    repository: string,
    root: Sha256,
    from: Sha256,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const answer = await this.ask({ name: 'difference', repository, root, from }, {}, [200, 404], signal);
    if (answer.status === 404) {
      await refusalOf(answer);
      return undefined;
    }
    checkBinary(answer);
    try {
      this.line?.admitSmall(Number(answer.headers['content-length'] ?? Infinity), repository);
    } catch (error) {
      answer.drop();
      throw error;
    }
    return atMost(answer, limits.differenceBytes);
  }

  /** @param offset bytes that the caller has already; below `size`, or equal to it, when nothing is asked */
  async object(
    repository: string,
    sha256: Sha256,
    size: number,
    offset: number,
    signal?: AbortSignal,
  ): Promise<ObjectBody> {
    if (offset === size) return { offset, chunks: nothing() };
    const route = { name: 'object', repository, sha256 } as const;
    const body = await this.inParts(repository, offset, size, signal, async (from, bytes): Promise<Part> => {
      const isWhole = from === 0 && bytes >= size;
      const headers = isWhole ? {} : { range: rangeOf(from, from + bytes < size ? bytes : Infinity) };
      const answer = await this.ask(route, headers, isWhole ? [200] : [200, 206], signal);
      checkBinary(answer);
      checkTag(answer, sha256);
      if (answer.status === 200) return { offset: 0, total: size, chunks: exactly(answer, size), isWhole: !isWhole };
      const length = Math.min(bytes, size - from);
      checkRange(answer, from, length, size);
      return { offset: from, total: size, chunks: exactly(answer, length), isWhole: false };
    });
    return body ?? { offset, chunks: nothing() };
  }

  /**
   * An encoding of an object of `size` bytes, behind the `offset` bytes of it that the caller has; undefined where the parent
   * has none to give. It may begin at 0 all the same.
   */
  async encoding(
    repository: string,
    encoding: EncodingName,
    size: number,
    offset: number,
    signal?: AbortSignal,
  ): Promise<ObjectBody | undefined> {
    const route = { name: 'encoding', repository, encoding } as const;
    return this.inParts(repository, offset, undefined, signal, async (from, bytes): Promise<Part | undefined> => {
      const headers = from === 0 && bytes === Infinity ? {} : { range: rangeOf(from, bytes) };
      const answer = await this.ask(route, headers, [200, 206, 404, 416], signal);
      if (answer.status === 404) {
        await refusalOf(answer);
        return undefined;
      }
      if (answer.status === 416) {
        // It is here to its last byte, or another one now; what it holds will tell.
        await refusalOf(answer);
        return { offset: from, total: from, chunks: nothing(), isWhole: false };
      }
      checkBinary(answer);
      const isWhole = answer.status === 200;
      const total = isWhole ? lengthOf(answer) : checkPart(answer, from, bytes);
      const chunks = wholeOf(answer, compressedBound(size));
      return { offset: isWhole ? 0 : from, total, chunks, isWhole: isWhole && bytes !== Infinity };
    });
  }

  /**
   * Many small objects in one answer (README section 6): a compressed archive, and whether it is made on the bases.
   * Undefined where the parent makes none.
   * @param bytes what the objects have together
   */
  async bundle(
    repository: string,
    objects: readonly Sha256[],
    bases: readonly Sha256[],
    bytes: number,
    signal?: AbortSignal,
  ): Promise<{ readonly isOnBases: boolean; readonly chunks: AsyncIterable<Uint8Array> } | undefined> {
    const body = formatBundleRequest(objects, bases);
    const headers = { 'content-type': 'application/octet-stream' };
    await this.line?.turn(bytes, repository, this.keeper, signal);
    let isBegun = false;
    try {
      const answer = await this.ask({ name: 'bundle', repository }, headers, [200, 404, 405, 501], signal, body);
      if (answer.status !== 200) {
        await refusalOf(answer);
        return undefined;
      }
      checkBinary(answer);
      const isOnBases = answer.headers['depotd-bases'] === 'all';
      const chunks = atMost(answer, compressedBound(limits.bundleBytes * 2));
      isBegun = true;
      return { isOnBases, chunks: this.line === undefined ? chunks : counted(chunks, bytes, this.line) };
    } finally {
      if (!isBegun) this.line?.release(bytes);
    }
  }

  async report(message: ReportMessage, signal?: AbortSignal): Promise<ReportAnswer> {
    const body = formatMessage(message);
    const headers = { 'content-type': 'application/json' };
    const answer = await this.ask({ name: 'report' }, headers, [200], signal, body);
    return readJson(answer, limits.stateBytes, reportAnswer);
  }

  /** Asks for a certificate, with the signature of an invitation's key. */
  enroll(message: JoinMessage, signal?: AbortSignal): Promise<IssuedMessage> {
    return this.climb('enroll', message, issuedShape, signal);
  }

  /** Passes a signed request up; what comes back depends on its purpose. */
  request(message: ClimbMessage, signal?: AbortSignal): Promise<unknown> {
    return this.climb('request', message, z.unknown(), signal);
  }

  private async climb<T>(
    name: 'enroll' | 'request',
    message: JoinMessage | ClimbMessage,
    shape: z.ZodType<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const answer = await this.ask({ name }, headers, [200], signal, Buffer.from(JSON.stringify(message)));
    return readJson(answer, limits.climbBytes, shape);
  }

  /** Ends what is under way: its callers see `interrupted`. */
  async close(): Promise<void> {
    await this.connections.close();
  }

  private inParts(
    repository: string,
    offset: number,
    size: number | undefined,
    signal: AbortSignal | undefined,
    ask: (from: number, bytes: number) => Promise<Part | undefined>,
  ): Promise<ObjectBody | undefined> {
    return inFrames({ line: this.line, repository, keeper: () => this.keeper, offset, size, signal, ask });
  }

  private async file(route: Route, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const answer = await this.ask(route, {}, [200, 404], signal);
    if (answer.status === 200) return whole(answer, maxBytes);
    await refusalOf(answer);
    return undefined;
  }

  private async get(route: Route, etag: string | undefined, signal?: AbortSignal): Promise<Answer | 'unchanged'> {
    if (etag === undefined) return this.ask(route, {}, [200], signal);
    const answer = await this.ask(route, { 'if-none-match': etag }, [200, 304], signal);
    if (answer.status === 200) return answer;
    // A 304 has no body. Waiting for its end gives the connection back to the pool; undici stumbles over the length
    // of the body that was not sent, which servers may state.
    await collect(answer.chunks).catch(() => undefined);
    return 'unchanged';
  }

  private async ask(
    route: Route,
    headers: Readonly<Record<string, string>>,
    wanted: readonly number[],
    signal: AbortSignal | undefined,
    body?: Uint8Array,
  ): Promise<Answer> {
    const named = this.line?.headers() ?? {};
    const request = {
      method: body === undefined ? ('GET' as const) : ('POST' as const),
      path: this.prefix + formatRoute(route),
      headers: { ...this.identity, ...named, ...headers },
      signal,
      ...(body === undefined ? {} : { body }),
    };
    const pool = this.connections.pool(isBulk(route) ? 'bulk' : 'talk');
    const answer = await exchange(pool, this.origin, request, this.floor);
    const depot = answer.headers['depotd-depot'];
    this.named = typeof depot === 'string' && isName(depot) ? depot : undefined;
    if (rateHeader in named) this.keeper = answer.headers[rateHeader] === undefined ? 'does-not' : 'paces';
    return accept(answer, wanted);
  }
}

/** Objects, whole, encoded or bundled, must not keep polls and metadata waiting. */
function isBulk({ name }: Route): boolean {
  return name === 'object' || name === 'encoding' || name === 'bundle';
}

function rangeOf(from: number, bytes: number): string {
  return `bytes=${from}-${bytes === Infinity ? '' : from + bytes - 1}`;
}

/** An ETag that can be sent back. Where there is none, the next question is conditional all the same, but never matches. */
function usableTag({ headers }: Answer): string | undefined {
  return /^(W\/)?"[\x21\x23-\x7e]{1,200}"$/.test(headers.etag ?? '') ? headers.etag : undefined;
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // An object that is here to its last byte has nothing left to come.
}
