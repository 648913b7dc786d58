import { formatAddress, parseEnd, splitUrl, type Refused } from './address.js';

const rule = 'allowed: http://HOST:PORT or http://USER:PASSWORD@HOST:PORT; https where the proxy itself speaks TLS';

/** Reads the URL of a proxy, and gives it in the one way to write it. Refusals never show user or password. */
export function parseProxy(text: string): { readonly url: string } | Refused {
  const url = splitUrl(text);
  if (url === undefined) return { refused: rule };
  const { scheme } = url;
  if (scheme !== 'http' && scheme !== 'https') return { refused: `the scheme must be http or https, not ${scheme}` };
  const at = url.authority.lastIndexOf('@');
  const credentials = at === -1 ? '' : url.authority.slice(0, at + 1);
  // A "/", "?" or "#" in a password ends the authority of a URL; what follows is not shown.
  if (url.rest.includes('@') || !isEscaped(credentials)) {
    return { refused: 'signs such as / ? # @ % in user and password must be written as %2F %3F %23 %40 %25' };
  }
  const end = parseEnd(url.authority.slice(at + 1), url.rest, scheme);
  if ('refused' in end) return end;
  const address = formatAddress({ scheme, ...end });
  return { url: address.replace('://', `://${credentials}`) };
}

/** As it may be shown. */
export function redactedProxy(url: string): string {
  return url.replace(/\/\/.*@/, '//***@');
}

/** `USER@` or `USER:PASSWORD@`, or nothing. */
function isEscaped(credentials: string): boolean {
  return (
    credentials === '' ||
    /^([\w!$&'()*+,;=.~-]|%[0-9A-Fa-f]{2})+(:([\w!$&'()*+,;=.~:-]|%[0-9A-Fa-f]{2})*)?@$/.test(credentials)
  );
}
