import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { JudgePeer } from '../protocol/tls.js';
import type { ListenerLimits } from './limits.js';

interface Connection {
  /** As it was accepted, below TLS. */
  readonly socket: Socket;
  readonly isSurplus: boolean;
  isReady: boolean;
  /** Older than the certificate that new ones are shown. */
  isOutdated: boolean;
  /** The certificate that requests came with. */
  leaf: X509Certificate | undefined;
}

/**
 * The open connections of a listener, from when they are accepted, so that those count whose handshake never ends. TLS
 * wraps a socket in another one, so they are known by their remote end.
 */
export class OpenConnections {
  private readonly open = new Map<string, Connection>();
  private readonly peers = new Map<string, number>();

  constructor(private readonly allowed: ListenerLimits) {}

  enter(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const ofPeer = (this.peers.get(address) ?? 0) + 1;
    this.peers.set(address, ofPeer);
    const key = keyOf(socket);
    const isSurplus = this.open.size >= this.allowed.connections || ofPeer > this.allowed.connectionsPerPeer;
    const connection = { socket, isSurplus, isReady: false, isOutdated: false, leaf: undefined };
    this.open.set(key, connection);
    socket.once('close', () => {
      if (this.open.get(key) === connection) this.open.delete(key);
      const left = (this.peers.get(address) ?? 1) - 1;
      if (left === 0) this.peers.delete(address);
      else this.peers.set(address, left);
    });
  }

  /** The socket as it was accepted, below TLS. */
  below(socket: Socket): Socket {
    return this.open.get(keyOf(socket))?.socket ?? socket;
  }

  /** Its handshake has ended. */
  setReady(socket: Socket): void {
    const connection = this.open.get(keyOf(socket));
    if (connection !== undefined) connection.isReady = true;
  }

  isReady(socket: Socket): boolean {
    return this.open.get(keyOf(socket))?.isReady === true;
  }

  /** A request came over it whose certificate was accepted. */
  identify(socket: TLSSocket): void {
    const connection = this.open.get(keyOf(socket));
    if (connection !== undefined) connection.leaf ??= socket.getPeerX509Certificate();
  }

  /** Whether it came when there were too many; those are told so, and closed. */
  isSurplus(socket: Socket): boolean {
    return this.open.get(keyOf(socket))?.isSurplus === true;
  }

  isOutdated(socket: Socket): boolean {
    return this.open.get(keyOf(socket))?.isOutdated === true;
  }

  /** Those that are open now were made with a certificate, and judged by anchors, that are replaced. */
  outdate(): void {
    for (const connection of this.open.values()) connection.isOutdated = true;
  }

  /** Those whose certificate the judge does not accept now. */
  cut(judge: JudgePeer): void {
    for (const { socket, leaf } of this.open.values()) {
      try {
        if (leaf !== undefined) judge(leaf);
      } catch {
        socket.destroy();
      }
    }
  }

  /** Ends those that are no HTTP connections yet; the server waits for them, and does not know them. */
  cutUnready(): void {
    for (const { socket, isReady } of this.open.values()) if (!isReady) socket.destroy();
  }
}

function keyOf({ remoteAddress = '', remotePort = 0, localAddress = '' }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
