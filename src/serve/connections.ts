import type { Socket } from 'node:net';
import type { ListenerLimits } from './limits.js';

interface Connection {
  /** As it was accepted, below TLS. */
  readonly socket: Socket;
  readonly isSurplus: boolean;
  isReady: boolean;
  /** Older than the certificate that new ones are shown. */
  isOutdated: boolean;
  /** Of the certificate that the last request came with. */
  serial: string | undefined;
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
    const connection = { socket, isSurplus, isReady: false, isOutdated: false, serial: undefined };
    this.open.set(key, connection);
    socket.once('close', () => {
      if (this.open.get(key) === connection) this.open.delete(key);
      const left = (this.peers.get(address) ?? 1) - 1;
      if (left === 0) this.peers.delete(address);
      else this.peers.set(address, left);
    });
  }

  /** Its handshake has ended. */
  setReady(socket: Socket): void {
    const connection = this.open.get(keyOf(socket));
    if (connection !== undefined) connection.isReady = true;
  }

  isReady(socket: Socket): boolean {
    return this.open.get(keyOf(socket))?.isReady === true;
  }

  /** A request of the holder of this certificate came over it. */
  identify(socket: Socket, serial: string): void {
    const connection = this.open.get(keyOf(socket));
    if (connection !== undefined) connection.serial = serial;
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

  cut(isRevoked: (serial: string) => boolean): void {
    for (const { socket, serial } of this.open.values()) {
      if (serial !== undefined && isRevoked(serial)) socket.destroy();
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
