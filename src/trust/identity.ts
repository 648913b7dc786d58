import type { X509Certificate } from 'node:crypto';
import { isName, isSite } from '../model/names.js';
import { factsOf } from './extensions.js';

/** Who a depot is and where it stands, as its certificate says. */
export interface DepotIdentity {
  readonly depot: string;
  readonly site: string;
}

const prefix = 'urn:depotd:';

/** README section 3.2: `urn:depotd:<depot>:<site>`. */
export function identityUri({ depot, site }: DepotIdentity): string {
  return `${prefix}${depot}:${site}`;
}

/** Undefined where the URI is not exactly what `identityUri` gives for a name and a site. */
export function readIdentityUri(uri: string): DepotIdentity | undefined {
  if (!uri.startsWith(prefix)) return undefined;
  const [depot = '', site = '', ...others] = uri.slice(prefix.length).split(':');
  return others.length === 0 && isName(depot) && isSite(site) ? { depot, site } : undefined;
}

/**
 * The depot that a certificate names, whoever signed it. Undefined where it names none, or where more than one URI
 * claims to, in whatever spelling: a certificate is for one depot.
 */
export function identityOf(certificate: X509Certificate): DepotIdentity | undefined {
  const [claim, ...others] = urisOf(certificate).filter((uri) => uri.toLowerCase().startsWith(prefix));
  return claim === undefined || others.length > 0 ? undefined : readIdentityUri(claim);
}

function urisOf(certificate: X509Certificate): readonly string[] {
  try {
    return factsOf(certificate).uris;
  } catch {
    return [];
  }
}
