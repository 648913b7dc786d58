import { DepotError } from '../model/errors.js';

const remedies = {
  join:
    "have the company's PKI issue a certificate and, at the origin, depot subject add; then on the new machine: " +
    'depot join --certificate FILE --key FILE --directory SHA256 --parent URL',
  renew: 'have the PKI issue another one, put it in place of the files that certificate: names, then: depot reload',
  rotate: 'depot ca anchors FILE, with all roots of the PKI that are to be trusted',
};

/** What only a CA of depotd's own can do, and what is done in its place where the company's PKI issues the certificates. */
export function issuedElsewhere(what: keyof typeof remedies): DepotError {
  const said = {
    join: 'nobody is invited here, or joins by a token',
    renew: 'none is renewed from here',
    rotate: 'there is no CA to rotate here',
  }[what];
  return new DepotError('bad-request', `certificates come from the company's own PKI: ${said}`, {
    hint: remedies[what],
    retry: 'never',
  });
}
