import { buildConnector, Pool } from 'undici';
import { DepotError } from '../model/errors.js';
import { limits } from './limits.js';
import { isSameMaterial } from './material.js';
import { SecureConnector } from './secure.js';
import type { Traffic } from './traffic.js';
import type { ClientTls, Peer, ClientMaterial } from './tls.js';

export interface ConnectionsOptions {
  readonly tls?: ClientTls | undefined;
  /** Of an HTTP proxy on the way to an `https:` parent, user and password in it where it wants them. */
  readonly proxy?: string | undefined;
  /** Objects under way at once. */
  readonly connections: number;
  readonly connectMs: number;
  /** From the request to the headers of its answer. */
  readonly headersMs: number;
  /** Counts what crosses the connections. */
  readonly traffic?: Traffic | undefined;
}

interface Pools {
  /** Polls and metadata must not wait behind objects, which may take hours. */
  readonly talk: Pool;
  readonly bulk: Pool;
  readonly secured: { readonly connector: SecureConnector; readonly material: ClientMaterial } | undefined;
}

/**
 * The connections to one parent. When this depot has a new certificate, requests go over new ones; what is under way on
 * the old ones ends there undisturbed.
 */
export class Connections {
  private current: Pools | undefined;
  private readonly retired = new Set<Pool>();
  private isClosed = false;

  /** @throws DepotError `certificate-refused` for an `https:` parent without a certificate to show */
  constructor(
    private readonly url: URL,
    private readonly options: ConnectionsOptions,
  ) {
    if (url.protocol === 'https:' && options.tls === undefined) {
      throw new DepotError('certificate-refused', `${url.origin} asks for a certificate, and this depot has none`, {
        hint: '`depot join` gets one, with a token that `depot invite` gives at a depot above',
        retry: 'never',
      });
    }
  }

  /** The parent by its certificate; undefined without TLS and before the first connection. */
  get peer(): Peer | undefined {
    return this.current?.secured?.connector.peer;
  }

  /** Where to send the next request. Connections to a parent that is no longer accepted are cut before. */
  pool(kind: 'talk' | 'bulk'): Pool {
    if (this.isClosed) throw new DepotError('interrupted', `${this.url.origin} is not asked any more`);
    const { tls } = this.options;
    const material = tls?.material();
    const { secured } = this.current ?? {};
    if (material !== undefined && secured !== undefined && !isSameMaterial(material, secured.material)) this.retire();
    this.current ??= this.open(tls, material);
    this.current.secured?.connector.judgeAgain();
    return this.current[kind];
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.isClosed = true;
    const { current } = this;
    const open = [...this.retired, ...(current === undefined ? [] : [current.talk, current.bulk])];
    await Promise.all(open.map((pool) => pool.destroy()));
  }

  private open(tls: ClientTls | undefined, material: ClientMaterial | undefined): Pools {
    const { connections, connectMs, proxy, traffic } = this.options;
    if (this.url.protocol !== 'https:' || tls === undefined || material === undefined) {
      const connect = counted(buildConnector({ timeout: connectMs }), traffic);
      return { talk: this.newPool(8, connect), bulk: this.newPool(connections, connect), secured: undefined };
    }
    const connector = new SecureConnector({ material, judge: tls.judge, connectMs, proxy, traffic });
    const { connect } = connector;
    const secured = { connector, material };
    return { talk: this.newPool(8, connect), bulk: this.newPool(connections, connect), secured };
  }

  private newPool(connections: number, connect: NonNullable<Pool.Options['connect']>): Pool {
    return new Pool(this.url.origin, {
      connections,
      connect,
      headersTimeout: this.options.headersMs,
      // `flowing` sees to bodies.
      bodyTimeout: 0,
      maxHeaderSize: limits.headerBytes,
    });
  }

  private retire(): void {
    if (this.current === undefined) return;
    for (const pool of [this.current.talk, this.current.bulk]) {
      this.retired.add(pool);
      // Closes when what is under way has ended; it may be destroyed before.
      void pool.close().then(
        () => this.retired.delete(pool),
        () => this.retired.delete(pool),
      );
    }
    this.current = undefined;
  }
}

function counted(connect: buildConnector.connector, traffic: Traffic | undefined): buildConnector.connector {
  return (to, callback) =>
    connect(to, (...outcome) => {
      // A failure comes alone, whatever the types say.
      if (outcome[0] === null) traffic?.add(outcome[1]);
      callback(...outcome);
    });
}
