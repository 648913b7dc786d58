import * as z from 'zod';
import type { PageRef } from '../manifest/page.js';
import { issuedShape, type ClimbMessage, type IssuedMessage, type JoinMessage } from '../model/enrolment.js';
import type { EncodingName } from '../model/encoding.js';
import { DepotError } from '../model/errors.js';
import type { Offer } from '../model/offer.js';
import type { MetadataName } from '../model/metadata.js';
import { sha256 as hashOf, type Sha256 } from '../model/sha256.js';
import { uploadPlanShape, type UploadPlan } from '../model/upload-plan.js';
import { atMost, checkBinary, checkTag, parseJson, readJson, readJsonBytes, refusalOf, whole } from './acceptance.js';
import { notTheProtocol } from './answers.js';
import { droppable, type Body } from './body.js';
import { askBundle, askEncoding, askObject, type BundleBody } from './bulk.js';
import type { Answer } from './exchange.js';
import type { ObjectBody } from './frames.js';
import { compressedBound, limits } from './limits.js';
import {
  directoryMessage,
  formatMessage,
  offersMessage,
  reportAnswer,
  stateMessage,
  type DirectoryMessage,
  type ReportAnswer,
  type ReportMessage,
  type StateMessage,
} from './messages.js';
import { formatPagesRequest, pagesBound, parsePages } from './page-batch.js';
import { Requester, type ParentOptions } from './requester.js';

/**
 * One parent, as its children talk to it. What comes back has the promised form and size; whether it is true is for the
 * caller to check against the head and the hashes. Each method rejects with a `DepotError`: `parent-unreachable`,
 * `parent-busy`, `parent-answer`, `certificate-refused`, `transfer-cut`, `interrupted`, or the parent's own refusal
 * (`not-found`, ...).
 * A body that is given as chunks holds a connection until it is read to its end or its iteration is ended.
 */
export class ParentClient {
  private readonly requester: Requester;

  /** @throws DepotError `certificate-refused` for an `https:` URL without `tls` */
  constructor(options: ParentOptions) {
    this.requester = new Requester(options);
  }

  /**
   * Who the parent is by its certificate, or without TLS whom it said it is in its last answer; undefined before that, and
   * for a server that is no depot.
   */
  get parentDepot(): string | undefined {
    return this.requester.parentDepot;
  }

  /** Where the parent stands, by its certificate; undefined without TLS and before the first answer. */
  get parentSite(): string | undefined {
    return this.requester.parentSite;
  }

  /** Whether `parentDepot` is more than a claim. */
  get isAuthenticated(): boolean {
    return this.requester.isAuthenticated;
  }

  /** @param held hash of the directory that the caller has */
  async directory(
    held?: string,
    signal?: AbortSignal,
  ): Promise<'unchanged' | { readonly hash: Sha256; readonly directory: DirectoryMessage }> {
    this.requester.line?.polled('');
    const answer = await this.requester.get(
      { name: 'directory' },
      held === undefined ? undefined : `"${held}"`,
      limits.directoryBytes,
      signal,
    );
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
    const answer = await this.requester.get({ name: 'state', repository }, etag, limits.stateBytes, signal);
    if (answer === 'unchanged') return answer;
    const bytes = await readJsonBytes(answer, limits.stateBytes);
    // Else a state that was altered on its way would be believed for as long as the true one does not change.
    checkTag(answer, hashOf(bytes));
    const state = parseJson(answer, bytes, stateMessage);
    if (state.repository !== repository) throw notTheProtocol(answer, `answered the state of ${state.repository}`);
    return { etag: usableTag(answer) ?? `"${hashOf(bytes)}"`, state };
  }

  /** What the parent gives to its children; undefined where it does not say. */
  async uploads(signal?: AbortSignal): Promise<UploadPlan | undefined> {
    const answer = await this.requester.ask({ name: 'uploads' }, {}, [200, 404], signal);
    if (answer.status === 404) {
      await refusalOf(answer);
      return undefined;
    }
    this.requester.pass(answer, limits.uploadsBytes, undefined);
    return readJson(answer, limits.uploadsBytes, uploadPlanShape);
  }

  /** The bytes of a file of signed metadata, unread; undefined where the parent has none of that name. */
  async metadata(
    repository: string,
    file: MetadataName,
    maxBytes: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    return this.requester.file({ name: 'metadata', repository, file }, repository, maxBytes, signal);
  }

  /** Likewise a file of the company's directory: signed metadata, or a document that it names. */
  async company(file: string, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return this.requester.file({ name: 'company', file }, undefined, maxBytes, signal);
  }

  /** The page as the parent has it, compressed. */
  async page(repository: string, page: PageRef, signal?: AbortSignal): Promise<Uint8Array> {
    if (page.length > limits.pageTextBytes) {
      throw new DepotError(
        'manifest-damaged',
        `page ${page.sha256} of ${repository} is said to have ${page.length} bytes`,
      );
    }
    this.requester.line?.admitSmall(page.length, repository);
    const answer = await this.requester.ask({ name: 'page', repository, sha256: page.sha256 }, {}, [200], signal);
    checkBinary(answer);
    return whole(answer, compressedBound(page.length));
  }

  /**
   * The same of many in one answer, in their order, unverified; undefined for one that is left out, and instead of all where
   * the parent takes no such request, or the line is closed.
   */
  async pages(
    repository: string,
    pages: readonly PageRef[],
    signal?: AbortSignal,
  ): Promise<(Uint8Array | undefined)[] | undefined> {
    const { line } = this.requester;
    if (line !== undefined && line.room(repository) !== Infinity) return undefined;
    const headers = { 'content-type': 'application/octet-stream' };
    const body = formatPagesRequest(pages);
    const answer = await this.requester.ask({ name: 'pages', repository }, headers, [200, 404, 405, 501], signal, body);
    if (answer.status !== 200) {
      await refusalOf(answer);
      return undefined;
    }
    checkBinary(answer);
    return parsePages(await whole(answer, pagesBound(pages)), pages.length);
  }

  /** An object that is part of what is signed, such as the record of a package: it passes a closed line as pages do. */
  async smallObject(repository: string, sha256: Sha256, size: number, signal?: AbortSignal): Promise<Uint8Array> {
    this.requester.line?.admitSmall(size, repository);
    const answer = await this.requester.ask({ name: 'object', repository, sha256 }, {}, [200], signal);
    return whole(answer, size);
  }

  /** The compressed difference stream between two manifests; undefined where the parent has none to give. */
  async difference(repository: string, root: Sha256, from: Sha256, signal?: AbortSignal): Promise<Body | undefined> {
    const answer = await this.requester.ask({ name: 'difference', repository, root, from }, {}, [200, 404], signal);
    if (answer.status === 404) {
      await refusalOf(answer);
      return undefined;
    }
    checkBinary(answer);
    this.passSmall(answer, repository);
    return droppable(atMost(answer, limits.differenceBytes), answer.drop);
  }

  /**
   * What the parent has ready of some large objects, and of the bases of their deltas; undefined where it tells nobody. It
   * passes a closed line as pages do.
   * @param objects at most `limits.offersAsked`
   */
  async offers(
    repository: string,
    objects: readonly Sha256[],
    signal?: AbortSignal,
  ): Promise<readonly Offer[] | undefined> {
    const body = formatMessage({ objects });
    this.requester.line?.admitSmall(body.length, repository);
    const headers = { 'content-type': 'application/json' };
    const answer = await this.requester.ask(
      { name: 'offers', repository },
      headers,
      [200, 404, 405, 501],
      signal,
      body,
    );
    if (answer.status !== 200) {
      await refusalOf(answer);
      return undefined;
    }
    this.passSmall(answer, repository);
    return (await readJson(answer, limits.offersBytes, offersMessage)).offers;
  }

  /** @throws DepotError `window-closed` where the line is closed, and the answer is not small */
  private passSmall(answer: Answer, repository: string): void {
    try {
      this.requester.line?.admitSmall(Number(answer.headers['content-length'] ?? Infinity), repository);
    } catch (error) {
      answer.drop();
      throw error;
    }
  }

  /** @param offset bytes that the caller has already; below `size`, or equal to it, when nothing is asked */
  object(repository: string, sha256: Sha256, size: number, offset: number, signal?: AbortSignal): Promise<ObjectBody> {
    return askObject(this.requester, repository, sha256, { size, offset, signal });
  }

  /**
   * An encoding of an object of `size` bytes, behind the `offset` bytes of it that the caller has; undefined where the parent
   * has none to give, or a larger one than it offered. It may begin at 0 all the same.
   */
  encoding(
    repository: string,
    encoding: EncodingName,
    size: number,
    offset: number,
    signal?: AbortSignal,
    offered = Infinity,
  ): Promise<ObjectBody | undefined> {
    return askEncoding(this.requester, repository, encoding, { size, offset, signal, offered });
  }

  /**
   * Many small objects in one answer (README section 6); undefined where the parent makes none.
   * @param bytes what the objects have together
   */
  bundle(
    repository: string,
    objects: readonly Sha256[],
    bases: readonly Sha256[],
    bytes: number,
    signal?: AbortSignal,
  ): Promise<BundleBody | undefined> {
    return askBundle(this.requester, repository, { objects, bases, bytes, signal });
  }

  /**
   * Undefined where the parent takes no reports: it is a server of plain files.
   * @throws DepotError `window-closed`, too, where the line is closed and this is longer than there is room on it
   */
  async report(message: ReportMessage, signal?: AbortSignal): Promise<ReportAnswer | undefined> {
    const body = formatMessage(message);
    this.requester.line?.admitHead(body.length);
    const headers = { 'content-type': 'application/json' };
    const answer = await this.requester.ask({ name: 'report' }, headers, [200, 404, 405, 501], signal, body);
    if (answer.status !== 200) {
      await refusalOf(answer);
      return undefined;
    }
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
    const answer = await this.requester.ask({ name }, headers, [200], signal, Buffer.from(JSON.stringify(message)));
    return readJson(answer, limits.climbBytes, shape);
  }

  /** Ends what is under way: its callers see `interrupted`. */
  async close(): Promise<void> {
    await this.requester.close();
  }
}

/** An ETag that can be sent back. Where there is none, the next question is conditional all the same, but never matches. */
function usableTag({ headers }: Answer): string | undefined {
  return /^(W\/)?"[\x21\x23-\x7e]{1,200}"$/.test(headers.etag ?? '') ? headers.etag : undefined;
}
