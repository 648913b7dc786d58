import { formatAddress } from '../config/address.js';
import type { Settings } from '../config/settings.js';
import { DepotError } from '../model/errors.js';

/**
 * Plain HTTP and certificates do not mix in one depot: without a certificate it cannot speak HTTPS, and with one it would
 * tell plain children and parents what it tells nobody else without proof.
 * @throws DepotError `config-invalid`
 */
export function checkTransport({ listen, parents }: Pick<Settings, 'listen' | 'parents'>, hasJoined: boolean): void {
  const urls = [{ key: 'listen', url: formatAddress(listen) }, ...parents.map(({ url }) => ({ key: 'parent', url }))];
  const other = urls.find(({ url }) => url.startsWith('https:') !== hasJoined);
  if (other === undefined) return;
  const { key, url } = other;
  if (hasJoined) {
    throw new DepotError('config-invalid', `${key}: ${url}: a depot that has joined speaks https:// only`, {
      hint: `set ${key}: to https://HOST:PORT`,
      retry: 'never',
    });
  }
  throw new DepotError('config-invalid', `${key}: ${url} takes a certificate, and this depot has none`, {
    hint: '`depot join` gets one, with a token that `depot invite` gives at a depot above; at the origin, `depot ca init`',
    retry: 'never',
  });
}
