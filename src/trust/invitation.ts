import { createHash } from 'node:crypto';
import * as z from 'zod';
import { DepotError } from '../model/errors.js';
import { isName, isSite } from '../model/names.js';
import { isSha256 } from '../model/sha256.js';

/** README section 3.5: what whoever joins has to know, and the key that proves that he was meant. */
export interface Invitation {
  /** Where the new depot's parent answers; `https:` only. */
  readonly urls: readonly string[];
  /** SHA-256 of the company's root certificate, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** SHA-256 of the first root metadata of the company's directory. */
  readonly directory: string;
  readonly depot: string;
  readonly site: string;
  readonly expiresAtMs: number;
  /** The secret: an Ed25519 private key, its 32 bytes in base64url. */
  readonly key: string;
}

const prefix = 'depotd-invite-1.';
/** No token is longer, in characters. */
const maxTokenLength = 8 * 1024;
const base64url = /^[A-Za-z0-9_-]+$/;

const invitationShape = z.strictObject({
  urls: z.array(z.string().max(500).refine(isAddress)).min(1).max(8),
  fingerprint: z.string().refine(isSha256),
  directory: z.string().refine(isSha256),
  depot: z.string().refine(isName),
  site: z.string().refine(isSite),
  expires: z.iso.datetime(),
  key: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/**
 * One line: the prefix, the invitation as JSON in base64url, a dot, and the beginning of the hash of all before the dot.
 * @throws DepotError `bad-request`, with the part that cannot stand in an invitation
 */
export function formatToken({ expiresAtMs, ...invitation }: Invitation): string {
  const parsed = invitationShape.safeParse({ ...invitation, expires: new Date(expiresAtMs).toISOString() });
  if (!parsed.success) {
    const part = parsed.error.issues[0]?.path[0] ?? 'form';
    throw new DepotError('bad-request', `an invitation cannot be made: its ${String(part)} is not of the right form`, {
      retry: 'never',
    });
  }
  const text = `${prefix}${Buffer.from(JSON.stringify(parsed.data)).toString('base64url')}`;
  return `${text}.${checkOf(text)}`;
}

/**
 * The invitation in a token; spaces and line breaks that a terminal or a mail put in do no harm. Whether it has expired is
 * for the caller to see.
 * @throws DepotError `invitation-refused`; neither message nor cause has any part of the token
 */
export function parseToken(token: string): Invitation {
  if (token.length > maxTokenLength) throw refusal('is too long to be one');
  const text = token.replace(/\s+/g, '');
  if (!text.startsWith(prefix)) {
    throw refusal(
      text.startsWith('depotd-invite-')
        ? 'is of another version of depotd'
        : `is not one: it does not begin with ${prefix}`,
    );
  }
  const [body = '', check, ...others] = text.slice(prefix.length).split('.');
  if (others.length > 0 || !base64url.test(body) || check !== checkOf(`${prefix}${body}`)) {
    throw refusal('is damaged: a part of it is missing or altered');
  }
  const { expires, ...invitation } = readBody(body);
  return { ...invitation, expiresAtMs: Date.parse(expires) };
}

/** Errors of JSON and of the shape quote what they read, which is the secret; so they are not passed on. */
function readBody(body: string): z.infer<typeof invitationShape> {
  try {
    return invitationShape.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
  } catch {
    throw refusal('does not say what an invitation says');
  }
}

function isAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return protocol === 'https:' && username === '' && password === '';
}

/** Against slips in copying; it keeps nobody from making a token. */
function checkOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 8);
}

function refusal(flaw: string): DepotError {
  return new DepotError('invitation-refused', `the invitation ${flaw}`, {
    retry: 'never',
    hint: 'copy the whole line that depot invite printed, or invite the depot again',
  });
}
