import { isIPv4, isIPv6 } from 'node:net';

/** An address of a depot; `host` as the socket functions take it, so `::1` has no brackets. */
export interface Address {
  readonly scheme: 'http' | 'https';
  /** A name is possible with https only. */
  readonly host: string;
  readonly port: number;
}

export interface Refused {
  readonly refused: string;
}

/** For editors; `parseAddress` has the last word. */
export const addressForm =
  /^(https:\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])|http:\/\/(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])):\d{1,5}\/?$/;

const loopbackOnly =
  'plain HTTP is for loopback only (127.0.0.0/8 or [::1]); other addresses need https:// and a certificate, which comes with joining';

/** Reads `https://germany.example.com:8443`. A refusal says what is allowed and, where it can be guessed, what was meant. */
export function parseAddress(text: string): Address | Refused {
  const url = splitUrl(text);
  if (url === undefined) return { refused: form(text) };
  if (url.authority.includes('@') || url.rest.includes('@')) {
    return { refused: 'a URL must not hold a user or password; remove the part before the "@"' };
  }
  const { scheme } = url;
  if (scheme !== 'http' && scheme !== 'https') return { refused: `the scheme must be https or http, not ${scheme}` };
  const { host, digits } = splitAuthority(url.authority);
  if (host === '') return { refused: form(text) };
  if (scheme === 'http' && host.toLowerCase() === 'localhost') {
    const suggestion = meant(`http://127.0.0.1:${digits || '8443'}`);
    return { refused: `a name can come to stand for another address; write the address itself${suggestion}` };
  }
  if (scheme === 'http' && !isLoopback(host)) return { refused: loopbackOnly };
  const end = parseEnd(url.authority, url.rest, scheme);
  return 'refused' in end ? end : { scheme, ...end };
}

/** The parts of what looks like a URL; the scheme in lower case. */
export function splitUrl(text: string): { scheme: string; authority: string; rest: string } | undefined {
  const [, scheme, authority, rest] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#\\\s]*)(\S*)$/.exec(text) ?? [];
  if (scheme === undefined || authority === undefined || rest === undefined) return undefined;
  return { scheme: scheme.toLowerCase(), authority, rest };
}

/** Host and port of an authority without user and password, with nothing behind it. */
export function parseEnd(authority: string, rest: string, scheme: string): Omit<Address, 'scheme'> | Refused {
  const { host: written, digits } = splitAuthority(authority);
  const host = readHost(written);
  if (host === undefined) {
    return {
      refused: 'the host must be a name, an IPv4 address, or an IPv6 address in brackets, such as [2001:db8::1]',
    };
  }
  const whole = `${scheme}://${written}`;
  if (digits === '') return { refused: `the port is missing${meant(`${whole}:8443`)}` };
  const port = Number(digits);
  if (port === 0) {
    return { refused: 'port 0 means another port at each start, where no child could find it; allowed: 1 to 65535' };
  }
  if (!/^\d+$/.test(digits) || port > 65535) return { refused: 'there is no such port; allowed: 1 to 65535' };
  if (rest !== '' && rest !== '/') return { refused: `nothing may follow the port${meant(`${whole}:${port}`)}` };
  return { host, port };
}

export function formatAddress({ scheme, host, port }: Address): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function splitAuthority(authority: string): { host: string; digits: string } {
  const [, host = '', digits = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  return { host, digits };
}

const hostName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** As WHATWG's URLs have it, so that one host has one spelling; they take `127.1` and `0x7f` for addresses, here nobody does. */
function readHost(text: string): string | undefined {
  const [, inner] = /^\[([^%]*)\]$/.exec(text) ?? [];
  if (inner !== undefined) return isIPv6(inner) ? new URL(`http://[${inner}]`).hostname.slice(1, -1) : undefined;
  const host = text.toLowerCase();
  if (isIPv4(host)) return host;
  return hostName.test(host) && URL.canParse(`http://${host}`) && new URL(`http://${host}`).hostname === host
    ? host
    : undefined;
}

function isLoopback(host: string): boolean {
  return host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}

export const addressRule = 'allowed: https://HOST:PORT, or on this machine only http://127.0.0.1:PORT';

function form(text: string): string {
  const bare = /^(127\.\d+\.\d+\.\d+|\[::1\]):\d+$/.test(text.trim()) ? meant(`http://${text.trim()}`) : '';
  return `${addressRule}${bare}`;
}

function meant(suggestion: string): string {
  return `; did you mean ${suggestion}?`;
}
