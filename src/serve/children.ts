import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { asDepotError, DepotError, type ErrorCode } from '../model/errors.js';
import { directoryName } from '../model/company.js';
import { formatEncodingName } from '../model/encoding.js';
import { metadataName } from '../model/metadata.js';
import { everything, type Demand } from '../model/selection.js';
import { sha256, type Sha256 } from '../model/sha256.js';
import { parseBundleRequest } from '../protocol/bundle.js';
import { limits } from '../protocol/limits.js';
import { formatMessage } from '../protocol/messages.js';
import { formatRoute, parseRoute, type Route } from '../protocol/routes.js';
import { formatPages, parsePagesRequest } from '../protocol/page-batch.js';
import type { Peer } from '../protocol/tls.js';
import type { RunJob } from '../store/job.js';
import type { Store } from '../store/store.js';
import { replyCompany } from './company.js';
import { Bundles } from './bundles.js';
import { Differences } from './differences.js';
import { Encodings, type OnDemand } from './encodings.js';
import { answerEnrolment, type Enrolment } from './enrolment.js';
import { ListedPages } from './listed-pages.js';
import { missingUnits } from './missing-units.js';
import { Offering, parseOffersRequest } from './offers.js';
import { replyBytes, replyError, replyFile, replyMessage, type Exchange } from './reply.js';
import { receiveReport } from './reports.js';
import { hasBody, identify, methodsOf, readBody, takesBody, type Child } from './requests.js';
import type { Uploads } from './uploads.js';
import { directoryFor, requireInScope, type Directory } from './scope.js';

export interface ChildrenOptions {
  readonly store: Store;
  readonly run: RunJob;
  /** This depot. */
  readonly depot: string;
  readonly site: string;
  readonly directory: Directory;
  /** Of a depot that has joined. */
  readonly enrolment?: Enrolment | undefined;
  readonly now: () => number;
  /** Told of faults of this depot itself; whoever asked learns only that there was one. */
  readonly onFault?: (error: DepotError, request: string) => void;
  /** What it gives of its line to the depots below; without one there is no limit. */
  readonly uploads?: Uploads | undefined;
  /** What of encodings is made for them when they ask. */
  readonly onDemand?: OnDemand | undefined;
  /** A child is asked to come back where a thread needs longer; default 25 s, below the child's own patience. */
  readonly patienceMs?: number;
}

/** What this depot's administrator should see: its own mistakes, and its disk's. */
const ownFaults: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'internal',
  'object-damaged',
  'object-missing',
  'disk-full',
  'data-unusable',
]);

type RepositoryRoute = Extract<Route, { repository: string }>;

const comeBackMs = 10_000;

/**
 * Serves the depots below: all routes of protocol/README.md. Each answer is to a child whose site the repository's scope
 * covers; to others nothing exists. The site is that of the certificate, or without TLS a claim. Never rejects; errors are answered as JSON.
 */
export function childHandler(
  options: ChildrenOptions,
): (request: IncomingMessage, response: ServerResponse, peer: Peer | undefined, wire: Socket) => Promise<void> {
  const { store, run, directory, enrolment, patienceMs = 25_000, onFault } = options;
  const differences = new Differences(store, run);
  const bundles = new Bundles(run);
  const encodings = new Encodings(store, run, options.now, options.onDemand);
  const offering = new Offering(run);
  const pages = new ListedPages(store);

  async function answer(asked: Exchange, peer: Peer | undefined, wire: Socket): Promise<void> {
    const { request } = asked;
    const route = parseRoute(request.url ?? '');
    const methods = methodsOf(route);
    if (!methods.includes(request.method ?? '')) throw wrongMethod(asked, methods);
    if (hasBody(request) && !takesBody(route.name)) {
      throw new DepotError('bad-request', `${request.method ?? ''} has a body, which nothing here reads`);
    }
    if (route.name === 'ca' || route.name === 'enroll' || route.name === 'request') {
      if (enrolment === undefined) throw notHere(route);
      return answerEnrolment(asked, route.name, enrolment);
    }
    const child = identify(request, peer, options);
    note(child, () => store.demands.touch(child, options.now()));
    const exchange = paced(asked, child, wire, isBulk(route));
    if (route.name === 'report') {
      await takeReport(exchange, child);
    } else if (route.name === 'directory') {
      const { bytes, hash } = directoryFor(child.site, options, directory, store.signed.versions(directoryName));
      replyMessage(exchange, bytes, `"${hash}"`);
    } else if (route.name === 'uploads') {
      const plan = options.uploads?.plan();
      if (plan === undefined) throw notHere(route);
      replyMessage(exchange, plan.bytes, `"${plan.hash}"`);
    } else if (route.name === 'company') {
      if (!(await replyCompany(exchange, store, route.file, child.site))) throw notHere(route);
    } else {
      requireInScope(route.repository, child.site, directory);
      if (route.name !== 'state') note(child, () => store.fetches.asked(child.depot, route.repository, options.now()));
      const done = isBulk(route) ? options.uploads?.admit(child.depot) : undefined;
      try {
        await answerOf(exchange, route, child);
      } finally {
        done?.();
      }
    }
  }

  /** The answer goes by what the child names. */
  function paced(exchange: Exchange, child: Child, wire: Socket, isLarge: boolean): Exchange {
    const { request, response } = exchange;
    const ended = new AbortController();
    const begun = options.uploads?.begin(child.depot, request.headers, wire, isLarge, ended.signal);
    for (const [name, value] of Object.entries(begun?.headers ?? {})) response.setHeader(name, value);
    response.once('close', () => {
      ended.abort();
      options.uploads?.end(child.depot, wire);
    });
    return { ...exchange, upload: begun?.upload };
  }

  /** A full disk, say, is no reason to stop serving. */
  function note(child: Child, write: () => void): void {
    try {
      write();
    } catch (thrown) {
      onFault?.(asDepotError(thrown, `note what ${child.depot} asked for`), 'touch');
    }
  }

  async function answerOf(exchange: Exchange, route: RepositoryRoute, child: Child): Promise<void> {
    const { repository } = route;
    switch (route.name) {
      case 'state': {
        const bytes = stateFor(child, repository);
        return replyMessage(exchange, bytes, `"${sha256(bytes)}"`);
      }
      case 'metadata': {
        const bytes = store.signed.read(repository, route.file);
        if (bytes === undefined) throw notHere(route);
        // All but the timestamp bear their version in their name.
        if (route.file !== metadataName('timestamp')) return replyBytes(exchange, bytes, 'application/json');
        return replyMessage(exchange, Buffer.from(bytes), `"${sha256(bytes)}"`);
      }
      case 'page': {
        const page = await pages.read(repository, route.sha256);
        if (page === undefined) throw notHere(route);
        return replyBytes(exchange, page, 'application/octet-stream');
      }
      case 'pages': {
        const body = await readBody(exchange.request, limits.pagesAtOnce * 32, `pages for ${child.depot}`);
        const found = await pages.readMany(repository, parsePagesRequest(body));
        return replyBytes(exchange, formatPages(found), 'application/octet-stream');
      }
      case 'difference': {
        const file = await soon(differences.open(route));
        if (file === undefined) throw notHere(route);
        return replyFile(exchange, file);
      }
      case 'object': {
        if (!store.objects.belongs(repository, route.sha256)) throw notHere(route);
        const object = await soon(store.objects.open(route.sha256, run));
        return replyFile(exchange, object, `"${route.sha256}"`);
      }
      case 'encoding': {
        const { sha256: object, base } = route.encoding;
        const isIts = (each: Sha256): boolean => store.objects.belongs(repository, each);
        if (!isIts(object) || (base !== null && !isIts(base))) throw notHere(route);
        const file = await soon(encodings.open(route.encoding));
        if (file === undefined) throw notHere(route);
        return replyFile(exchange, file, `"${formatEncodingName(route.encoding)}"`);
      }
      case 'bundle': {
        const body = await readBody(exchange.request, limits.bundleRequestBytes, `bundle for ${child.depot}`);
        const { bytes, isOnBases } = await bundles.get(repository, body, parseBundleRequest(body));
        exchange.response.setHeader('depotd-bases', isOnBases ? 'all' : 'none');
        return replyBytes(exchange, bytes, 'application/octet-stream');
      }
      case 'offers': {
        const body = await readBody(exchange.request, limits.offersRequestBytes, `question of ${child.depot}`);
        const { objects } = parseOffersRequest(body, child.depot);
        const isWanted = (): boolean => !exchange.response.destroyed;
        const offers = await offering.find(child.depot, { repository, objects }, isWanted);
        return replyMessage(exchange, formatMessage({ offers }));
      }
    }
  }

  function stateFor(child: Child, repository: string): Buffer {
    const told = store.demands.get(child.depot)?.demands ?? {};
    const demand: Demand = (Object.hasOwn(told, repository) ? told[repository] : undefined) ?? [everything];
    const name = (row: ReturnType<typeof store.heads.newest>) =>
      row === undefined ? null : { generation: row.head.generation, sha256: row.sha256 };
    const newest = store.heads.newest(repository);
    // Of packages all get the records; which of their units are here is told one by one.
    const complete = store.heads.newestComplete(repository, newest?.head.kind === 'packages' ? [] : demand);
    const company = store.signed.versions(directoryName);
    const uploads = options.uploads?.plan()?.hash;
    if (complete !== undefined) {
      note(child, () => store.fetches.told(child.depot, repository, complete.head.generation, options.now()));
    }
    return formatMessage({
      repository,
      head: name(newest),
      complete: name(complete),
      ...(complete?.head.kind === 'packages' ? { missing: missingUnits(store, complete, demand) } : {}),
      metadata: store.signed.versions(repository),
      company,
      directory: directoryFor(child.site, options, directory, company).hash,
      ...(uploads === undefined ? {} : { uploads }),
      depot: options.depot,
    });
  }

  async function takeReport(exchange: Exchange, child: Child): Promise<void> {
    const bytes = await readBody(exchange.request, limits.reportBytes, `report of ${child.depot}`);
    const report = { bytes, child: child.depot, site: child.site, depot: options.depot, nowMs: options.now() };
    replyMessage(exchange, formatMessage(await receiveReport(store, run, report)));
  }

  /** Work in a thread goes on when the child is sent away, and is there when it comes back. */
  async function soon<T extends { handle: { close(): Promise<void> } } | undefined>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), patienceMs);
    });
    const first = await Promise.race([work, late]).finally(() => clearTimeout(timer));
    if (first !== 'late') return first;
    // Whoever asks next learns of its failure.
    work.then((file) => file?.handle.close()).catch(() => undefined);
    throw new DepotError('parent-busy', 'this is still being made ready', { retryAfterMs: comeBackMs });
  }

  return async (request, response, peer, wire) => {
    const exchange = { request, response };
    response.setHeader('depotd-depot', options.depot);
    try {
      await answer(exchange, peer, wire);
    } catch (thrown) {
      const what = `${request.method ?? ''} ${request.url ?? ''}`;
      const error = asDepotError(thrown, what);
      if (response.destroyed) return;
      if (ownFaults.has(error.code)) onFault?.(error, what);
      // A body that nobody reads must not be taken for the next request.
      if (hasBody(request) && !response.headersSent) response.setHeader('connection', 'close');
      replyError(exchange, error);
    }
  };
}

/** What has to wait for a place where many children ask at once. */
function isBulk({ name }: Route): boolean {
  return name === 'object' || name === 'encoding' || name === 'bundle';
}

/** RFC 9110 section 15.5.6 */
function wrongMethod({ request, response }: Exchange, methods: readonly string[]): DepotError {
  response.setHeader('allow', methods.join(', '));
  response.statusCode = 405;
  return new DepotError('bad-request', `${request.method ?? ''} is not answered here, only ${methods.join(' and ')}`);
}

function notHere(route: Route): DepotError {
  return new DepotError('not-found', `${formatRoute(route)} is not here`);
}
