import type { Socket } from 'node:net';

/** Bytes of TCP payload that crossed sockets, both ways, TLS and all included. */
export class Traffic {
  private readonly open = new Map<Socket, number>();
  private closed = 0;

  /** @param socket the one below TLS, where there is TLS */
  add(socket: Socket): void {
    this.open.set(socket, 0);
    socket.once('close', () => {
      this.closed += bytesOf(socket) - (this.open.get(socket) ?? 0);
      this.open.delete(socket);
    });
  }

  /** Since this was last called. */
  take(): number {
    let bytes = this.closed;
    this.closed = 0;
    for (const [socket, taken] of this.open) {
      const now = bytesOf(socket);
      bytes += now - taken;
      this.open.set(socket, now);
    }
    return bytes;
  }
}

export function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}
