import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { DepotError } from '../model/errors.js';

/**
 * A connection to `to` (HOST:PORT) through an HTTP proxy by CONNECT (RFC 9110 section 9.3.6). What goes through is TLS
 * from end to end: the proxy learns the name, and how many bytes there were.
 * @param proxy `http://` or `https://`, user and password in it where it wants them
 * @throws DepotError `parent-unreachable`; it names the proxy, without user and password
 */
export function openTunnel(proxy: string, to: string, timeoutMs: number): Promise<Socket> {
  const { protocol, hostname, port, host: end, username, password } = new URL(proxy);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const subject = `connect to ${to} through the proxy ${protocol}//${end}`;
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const headers = {
    host: to,
    ...(username === '' ? {} : { 'proxy-authorization': `Basic ${credentials.toString('base64')}` }),
  };
  return new Promise((resolve, reject) => {
    const asked = (protocol === 'https:' ? requestHttps : requestHttp)({
      method: 'CONNECT',
      host,
      // The proxy's own name; Node would take that of the Host header.
      servername: isIP(host) === 0 ? host : '',
      port,
      path: to,
      headers,
      agent: false,
      timeout: timeoutMs,
    });
    const failed = (said: string, hint: string, cause?: unknown): void => {
      asked.destroy();
      reject(new DepotError('parent-unreachable', `${subject}: ${said}`, { hint, cause, retry: 'now' }));
    };
    const isItUp = 'is the proxy running, and is this its address? `proxy:` in the configuration has it';
    asked.once('timeout', () => failed(`no answer within ${timeoutMs} ms`, isItUp));
    asked.on('error', (error) => failed(error.message, isItUp, error));
    asked.once('connect', ({ statusCode = 0 }, socket, head) => {
      if (statusCode === 200) {
        socket.setTimeout(0);
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      failed(`the proxy answered ${statusCode}`, refusals[statusCode] ?? 'the log of the proxy says why');
    });
    asked.end();
  });
}

const refusals: Readonly<Record<number, string>> = {
  403: 'the proxy does not allow that address and port',
  407: 'the proxy wants a user and a password: `proxy: http://USER:PASSWORD@HOST:PORT`',
  502: 'the proxy does not reach the parent',
  503: 'the proxy does not reach the parent',
  504: 'the proxy does not reach the parent',
};
