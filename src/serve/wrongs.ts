import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { limits } from '../protocol/limits.js';
import { formatMessage } from '../protocol/messages.js';

const retryAfterSeconds = 30;

export function sayBusy(response: ServerResponse): void {
  const body = formatMessage({ code: 'parent-busy', message: 'too many connections', hint: null });
  response.writeHead(503, { ...plainHeaders(body), 'retry-after': `${retryAfterSeconds}` }).end(body);
}

/** Answers what is not HTTP, too large or too slow, where the other side can still hear it. */
export function sayWhatWasWrong(error: NodeJS.ErrnoException, socket: Socket): void {
  const isAnswered = socket.bytesWritten > 0;
  if (!socket.writable || isAnswered || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, message] = wrongs[error.code ?? ''] ?? ['400 Bad Request', 'that is not an HTTP request'];
  const body = formatMessage({ code: 'bad-request', message, hint: null });
  const headers = Object.entries(plainHeaders(body)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('')}\r\n${body.toString()}`);
}

const wrongs: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', `headers have at most ${limits.headerBytes} bytes`],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not come in time'],
};

function plainHeaders(body: Buffer): Record<string, string> {
  return { 'content-type': 'application/json', 'content-length': `${body.length}`, connection: 'close' };
}
