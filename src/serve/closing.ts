import type { Server } from 'node:http';

export interface Closing {
  close(graceMs: number): Promise<void>;
}

/**
 * Ends a server without tearing answers: it accepts no connection more, tells those that are open that each answer is
 * the last one, and cuts what is still under way after the grace.
 * @param cutUnready ends the connections that the server does not know as its own yet
 */
export function closing(server: Server, cutUnready: () => void = () => undefined): Closing {
  let isClosing = false;
  server.prependListener('request', (_, response) => {
    if (isClosing) response.setHeader('connection', 'close');
    // A connection that was kept open for a next request would keep the server open.
    response.once('close', () => {
      if (isClosing) setImmediate(() => server.closeIdleConnections());
    });
  });
  return {
    async close(graceMs) {
      isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cutUnready();
      const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(deadline);
    },
  };
}
