import { X509Certificate } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import { asDepotError, DepotError } from '../model/errors.js';
import { contextOptions } from './material.js';
import type { JudgePeer, Peer, ClientMaterial } from './tls.js';
import type { Traffic } from './traffic.js';
import { openTunnel } from './tunnel.js';

export interface SecureOptions {
  readonly material: ClientMaterial;
  readonly judge: JudgePeer;
  /** For the connection, and once more for a proxy on the way. */
  readonly connectMs: number;
  readonly proxy?: string | undefined;
  /** Counts what crosses the connections. */
  readonly traffic?: Traffic | undefined;
}

/**
 * Connects with mutual TLS 1.3 to one parent, and knows whose certificate is on the other end of each connection. The
 * name of the machine is not compared: an address says where a depot is, its certificate who it is.
 */
export class SecureConnector {
  private readonly context: SecureContext;
  private readonly leaves = new Map<TLSSocket, X509Certificate>();
  // Kept here, as undici forgets sessions whenever memory is collected.
  private resumable: { readonly session: Buffer; readonly leaf: X509Certificate } | undefined;
  private judged: Peer | undefined;

  /** @throws DepotError `certificate-refused` where the material cannot be used */
  constructor(private readonly options: SecureOptions) {
    this.context = createSecureContext(contextOptions(options.material));
  }

  /** The parent, as it was judged last; undefined before the first connection, and while it is not accepted. */
  get peer(): Peer | undefined {
    return this.judged;
  }

  /** Ends the connections to what is no longer accepted; new ones are judged as they are made. */
  judgeAgain(): void {
    for (const [socket, leaf] of this.leaves) {
      try {
        this.judge(leaf);
      } catch (thrown) {
        socket.destroy(asDepotError(thrown, 'judge the parent'));
      }
    }
  }

  /** For undici's pools. */
  readonly connect: buildConnector.connector = (to, callback) => {
    const failed = (error: Error): void => callback(error, null);
    const { proxy, connectMs } = this.options;
    const host = isIP(to.hostname) === 6 ? `[${to.hostname}]` : to.hostname;
    const below = proxy === undefined ? openSocket(to, connectMs) : openTunnel(proxy, `${host}:${to.port}`, connectMs);
    below.then((socket) => this.secure(to, socket, callback), failed);
  };

  private secure({ hostname }: buildConnector.Options, below: Socket, callback: buildConnector.Callback): void {
    const { resumable } = this;
    const { connectMs, traffic } = this.options;
    traffic?.add(below);
    const socket = connect({
      socket: below,
      secureContext: this.context,
      servername: isIP(hostname) === 0 ? hostname : '',
      checkServerIdentity: () => undefined,
      ALPNProtocols: ['http/1.1'],
      ...(resumable === undefined ? {} : { session: resumable.session }),
    });
    socket.setNoDelay(true).setKeepAlive(true, 60_000);
    const tooLate = new Error(`no TLS connection within ${connectMs} ms`);
    const timer = setTimeout(() => socket.destroy(tooLate), connectMs);
    const failed = (error: Error): void => {
      clearTimeout(timer);
      callback(error, null);
    };
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      try {
        this.admit(socket, resumable?.leaf);
      } catch (thrown) {
        socket.on('error', () => undefined).destroy();
        callback(asDepotError(thrown, 'judge the parent'), null);
        return;
      }
      // An alert precedes the end of the connection, and undici would take that end for the reason.
      socket.on('error', (alert: Error) => socket.destroy(alert));
      callback(null, socket);
    });
  }

  private judge(leaf: X509Certificate): void {
    this.judged = undefined;
    this.judged = this.options.judge(leaf);
  }

  /** @param before whose session this one may resume: then there is no certificate on the line */
  private admit(socket: TLSSocket, before: X509Certificate | undefined): void {
    const leaf = socket.isSessionReused() ? before : leafOf(socket);
    if (leaf === undefined) throw new DepotError('certificate-refused', 'the parent showed no certificate');
    this.judge(leaf);
    this.leaves.set(socket, leaf);
    socket.once('close', () => this.leaves.delete(socket));
    socket.on('session', (session: Buffer) => (this.resumable = { session, leaf }));
  }
}

/** Connected by itself, so that what crosses it can be counted below TLS. */
function openSocket({ hostname, port }: buildConnector.Options, connectMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: hostname, port: Number(port) });
    const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${connectMs} ms`)), connectMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

function leafOf(socket: TLSSocket): X509Certificate | undefined {
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
  return raw === undefined ? undefined : new X509Certificate(raw);
}
