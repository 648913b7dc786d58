import { isName } from '../model/names.js';
import { accept, refusalOf, whole } from './acceptance.js';
import { collect, type Floor } from './body.js';
import { Connections } from './connections.js';
import { exchange, type Answer } from './exchange.js';
import { Lanes } from './lanes.js';
import type { Line } from './line.js';
import { limits } from './limits.js';
import { rateHeader, type Keeper } from './pace.js';
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

/** Sends the requests of a child to one parent, and learns from the answers who it is and whether it keeps to a rate. */
export class Requester {
  /** What all requests go by; without one nothing limits them. */
  readonly line: Line | undefined;
  /** What its large files share. */
  readonly lanes = new Lanes();
  private readonly connections: Connections;
  private readonly origin: string;
  private readonly prefix: string;
  private readonly identity: Readonly<Record<string, string>>;
  private readonly floor: Floor;
  private readonly isSecure: boolean;
  private named: string | undefined;
  private keeps: Keeper = 'does-not';

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

  /** `ParentClient.parentSite` */
  get parentSite(): string | undefined {
    return this.connections.peer?.site;
  }

  /** `ParentClient.parentDepot` */
  get parentDepot(): string | undefined {
    return this.isSecure ? this.connections.peer?.depot : this.named;
  }

  get isAuthenticated(): boolean {
    return this.connections.peer !== undefined;
  }

  /** Whether it keeps to a rate; not until it has said so. */
  get keeper(): Keeper {
    return this.keeps;
  }

  /**
   * What there is of a route; undefined where it is not found. It passes a closed line where it is small.
   * @param repository whose it is; undefined: nobody's
   */
  async file(
    route: Route,
    repository: string | undefined,
    maxBytes: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const answer = await this.ask(route, {}, [200, 404], signal);
    if (answer.status !== 200) {
      await refusalOf(answer);
      return undefined;
    }
    this.pass(answer, maxBytes, repository);
    return whole(answer, maxBytes);
  }

  /** @throws DepotError `window-closed` where the line is closed, and this is not small */
  pass(answer: Answer, maxBytes: number, repository: string | undefined): void {
    try {
      this.line?.admitHead(Number(answer.headers['content-length'] ?? maxBytes), repository);
    } catch (error) {
      answer.drop();
      throw error;
    }
  }

  /** @param etag of what the caller has */
  async get(
    route: Route,
    etag: string | undefined,
    maxBytes: number,
    signal?: AbortSignal,
  ): Promise<Answer | 'unchanged'> {
    const headers = etag === undefined ? {} : { 'if-none-match': etag };
    const answer = await this.ask(route, headers, etag === undefined ? [200] : [200, 304], signal);
    if (answer.status === 200) {
      this.pass(answer, maxBytes, 'repository' in route ? route.repository : undefined);
      return answer;
    }
    // A 304 has no body. Waiting for its end gives the connection back to the pool; undici stumbles over the length
    // of the body that was not sent, which servers may state.
    await collect(answer.chunks).catch(() => undefined);
    return 'unchanged';
  }

  /**
   * @param wanted the statuses that the caller knows what to do with
   * @throws DepotError for any other, and where no answer comes
   */
  async ask(
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
    if (rateHeader in named) this.keeps = answer.headers[rateHeader] === undefined ? 'does-not' : 'paces';
    return accept(answer, wanted);
  }

  /** Ends what is under way: its callers see `interrupted`. */
  async close(): Promise<void> {
    await this.connections.close();
  }
}

/** Objects, whole, encoded or bundled, must not keep polls and metadata waiting. */
function isBulk({ name }: Route): boolean {
  return name === 'object' || name === 'encoding' || name === 'bundle';
}
