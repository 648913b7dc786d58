import { isIPv4 } from 'node:net';

/** An address of a depot; `host` as the socket functions take it, so `::1` has no brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** For editors; `parseAddress` has the last word. */
export const addressForm = /^http:\/\/(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]):\d{1,5}\/?$/;

const loopbackOnly =
  'plain HTTP is for loopback only (127.0.0.0/8 or [::1]); other addresses need certificates, which come with joining';

/** Reads `http://127.0.0.1:8443`. A refusal says what is allowed and, where it can be guessed, what was meant. */
export function parseAddress(text: string): Address | { readonly refused: string } {
  const [, scheme, authority, rest] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#\\\s]*)(\S*)$/.exec(text) ?? [];
  if (scheme === undefined || authority === undefined || rest === undefined) return { refused: form(text) };
  if (authority.includes('@') || rest.includes('@')) {
    return { refused: 'a URL must not hold a user or password; remove the part before the "@"' };
  }
  if (scheme.toLowerCase() !== 'http') {
    return { refused: scheme.toLowerCase() === 'https' ? loopbackOnly : `the scheme must be http, not ${scheme}` };
  }
  const [, host, digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority) ?? [];
  if (host === undefined || host === '') return { refused: form(text) };
  if (host.toLowerCase() === 'localhost') {
    const suggestion = meant(`http://127.0.0.1:${digits || '8443'}`);
    return { refused: `a name can come to stand for another address; write the address itself${suggestion}` };
  }
  if (!isLoopback(host)) return { refused: loopbackOnly };
  if (digits === undefined || digits === '') return { refused: `the port is missing${meant(`http://${host}:8443`)}` };
  const port = Number(digits);
  if (port === 0) {
    return { refused: 'port 0 means another port at each start, where no child could find it; allowed: 1 to 65535' };
  }
  if (port > 65535) return { refused: 'there is no such port; allowed: 1 to 65535' };
  if (rest !== '' && rest !== '/') {
    return { refused: `nothing may follow the port${meant(`http://${host}:${port}`)}` };
  }
  return { host: host === '[::1]' ? '::1' : host, port };
}

export function formatAddress({ host, port }: Address): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function isLoopback(host: string): boolean {
  return host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}

function form(text: string): string {
  const bare = /^(127\.\d+\.\d+\.\d+|\[::1\]):\d+$/.test(text.trim()) ? meant(`http://${text.trim()}`) : '';
  return `allowed: http://ADDRESS:PORT, such as http://127.0.0.1:8443${bare}`;
}

function meant(suggestion: string): string {
  return `; did you mean ${suggestion}?`;
}
