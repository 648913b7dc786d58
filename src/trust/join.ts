import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { DepotError } from '../model/errors.js';
import { sha256 } from '../model/sha256.js';
import { requestBytes } from './certificate-request.js';
import { formatToken, type Invitation } from './invitation.js';

/** What the CA keeps of an invitation. */
export interface Invited {
  readonly depot: string;
  readonly site: string;
  /** Ed25519, 32 bytes in base64url. */
  readonly publicKey: string;
}

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 and in SPKI: RFC 8410 sections 7 and 4. */
const privateKeyHeader = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicKeyHeader = Buffer.from('302a300506032b6570032100', 'hex');

/** A new invitation with a key of its own: `token` is for whoever joins, and secret; `publicKey` is for the CA. */
export function makeInvitation(invitation: Omit<Invitation, 'key'>): { token: string; publicKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d: key = '', x: publicKey = '' } = privateKey.export({ format: 'jwk' });
  return { token: formatToken({ ...invitation, key }), publicKey };
}

/** The signature, in Base64, that shows that the request for a certificate comes from whoever was invited. */
export function signJoin({ key, depot, site }: Invitation, request: string): string {
  const encoded = Buffer.concat([privateKeyHeader, Buffer.from(key, 'base64url')]);
  const privateKey = createPrivateKey({ key: encoded, type: 'pkcs8', format: 'der' });
  return sign(null, joinBytes({ depot, site }, request), privateKey).toString('base64');
}

/** @throws DepotError `invitation-refused` when the signature is not that of the invitation's key on that very request */
export function checkJoin({ publicKey, depot, site }: Invited, request: string, signature: string): void {
  const bytes = joinBytes({ depot, site }, request);
  const key = readPublicKey(publicKey);
  if (key !== undefined && verify(null, bytes, key, Buffer.from(signature, 'base64'))) return;
  throw new DepotError(
    'invitation-refused',
    `the request to join as ${depot} at ${site} is not signed with the key of its invitation`,
    { retry: 'never', hint: 'the invitation is another one, or a depot on the way altered the request' },
  );
}

/** Neither a name nor a site has a line break, so no two joins have the same bytes. */
function joinBytes({ depot, site }: { depot: string; site: string }, request: string): Buffer {
  return Buffer.from(`depotd join 1\n${depot}\n${site}\n${sha256(requestBytes(request))}\n`);
}

function readPublicKey(publicKey: string): KeyObject | undefined {
  try {
    const encoded = Buffer.concat([publicKeyHeader, Buffer.from(publicKey, 'base64url')]);
    return createPublicKey({ key: encoded, type: 'spki', format: 'der' });
  } catch {
    return undefined;
  }
}
