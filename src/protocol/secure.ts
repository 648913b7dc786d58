import { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import { asDepotError, DepotError } from '../model/errors.js';
import { contextOptions } from './material.js';
import type { JudgePeer, Peer, ClientMaterial } from './tls.js';
import { openTunnel } from './tunnel.js';

export interface SecureOptions {
  readonly material: ClientMaterial;
  readonly judge: JudgePeer;
  /** For the connection, and once more for a proxy on the way. */
  readonly connectMs: number;
  readonly proxy?: string | undefined;
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
    if (proxy === undefined) {
      this.secure(to, undefined, callback);
    } else {
      const host = isIP(to.hostname) === 6 ? `[${to.hostname}]` : to.hostname;
      openTunnel(proxy, `${host}:${to.port}`, connectMs).then((tunnel) => this.secure(to, tunnel, callback), failed);
    }
  };

  private secure(
    { hostname, port }: buildConnector.Options,
    tunnel: Socket | undefined,
    callback: buildConnector.Callback,
  ): void {
    const { resumable } = this;
    const { connectMs } = this.options;
    const socket = connect({
      ...(tunnel === undefined ? { host: hostname, port: Number(port) } : { socket: tunnel }),
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

function leafOf(socket: TLSSocket): X509Certificate | undefined {
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
  return raw === undefined ? undefined : new X509Certificate(raw);
}
