import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';
import { DepotError } from '../model/errors.js';

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

/** Version 1: scrypt (RFC 7914) with these parameters, 128 MiB of memory, then AES-256-GCM. */
const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 2 ** 20 };
const cipher = 'aes-256-gcm';
const version = 1;
const tagBytes = 16;

const envelope = z.strictObject({
  sealed: z.literal(version),
  /** In clear: which key it is. It cannot be altered without breaking the seal. */
  label: z.string().max(200).default(''),
  salt: z.base64(),
  nonce: z.base64(),
  /** The ciphertext, then the tag of GCM. */
  text: z.base64(),
});

/**
 * The text encrypted under a passphrase: JSON on a line, which `unseal` reads. Takes about half a second of processor.
 * @param label what anybody may read of it: `labelOf`
 */
export async function seal(pem: string, passphrase: string, label = ''): Promise<string> {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const encrypt = createCipheriv(cipher, await derive(passphrase, salt, 32, cost), nonce);
  encrypt.setAAD(Buffer.from(label, 'utf8'));
  const text = Buffer.concat([encrypt.update(pem, 'utf8'), encrypt.final(), encrypt.getAuthTag()]);
  const sealed: z.infer<typeof envelope> = {
    sealed: version,
    label,
    salt: salt.toString('base64'),
    nonce: nonce.toString('base64'),
    text: text.toString('base64'),
  };
  return `${JSON.stringify(sealed)}\n`;
}

/**
 * What was sealed.
 * @throws DepotError `bad-request` when the passphrase is not the one, `data-unusable` when the text is not a sealed one.
 */
export async function unseal(text: string, passphrase: string): Promise<string> {
  const sealed = readEnvelope(text);
  if (sealed === undefined) {
    throw new DepotError('data-unusable', 'a sealed key cannot be read: it is not one, or of a newer version');
  }
  const bytes = Buffer.from(sealed.text, 'base64');
  const key = await derive(passphrase, Buffer.from(sealed.salt, 'base64'), 32, cost);
  try {
    const decrypt = createDecipheriv(cipher, key, Buffer.from(sealed.nonce, 'base64'), { authTagLength: tagBytes });
    decrypt.setAAD(Buffer.from(sealed.label, 'utf8'));
    decrypt.setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decrypt.update(bytes.subarray(0, -tagBytes)), decrypt.final()]).toString('utf8');
  } catch (cause) {
    // GCM cannot tell the two apart.
    throw new DepotError('bad-request', 'the passphrase is wrong, or the sealed key was altered', { cause });
  }
}

/** Whether a key file needs a passphrase. */
export function isSealed(text: string): boolean {
  return text.trimStart().startsWith('{');
}

/** The label of a sealed text; undefined where it is not one. Whether it is true shows when it is unsealed. */
export function labelOf(text: string): string | undefined {
  return readEnvelope(text)?.label;
}

function readEnvelope(text: string): z.infer<typeof envelope> | undefined {
  try {
    return envelope.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
