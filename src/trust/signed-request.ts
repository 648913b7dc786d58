import { sign, verify, type X509Certificate } from 'node:crypto';
import * as z from 'zod';
import type { SignedRequest } from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import { quoted } from '../model/paths.js';
import { sha256 } from '../model/sha256.js';
import { readCertificates } from './certificates.js';
import { checkChain } from './chain.js';
import { momentOf, spanOf } from './dates.js';
import type { DepotIdentity } from './identity.js';
import type { SubjectRows } from './naming.js';
import { readPrivateKey } from './signing-key.js';

const payloadShape = z.strictObject({ purpose: z.string(), at: z.iso.datetime(), body: z.unknown() });

export interface RequestContext {
  /** The company's trusted roots, PEM. */
  readonly anchors: readonly string[];
  readonly nowMs: number;
  /** By the serial number, lower-case hexadecimal. */
  readonly isRevoked: (serial: string) => boolean;
  /** How long after its expiry the certificate of the requester still counts. */
  readonly graceMs?: number;
  /** Of the directory. */
  readonly subjects: SubjectRows;
}

export interface CheckedRequest {
  readonly identity: DepotIdentity;
  /** Of the certificate that signed. */
  readonly serial: string;
  readonly expiresAtMs: number;
  readonly payload: unknown;
  readonly atMs: number;
}

/** A request climbs to the CA at once, level by level; what is older than this is being replayed. */
const maxAgeMs = 24 * 60 * 60_000;
/** How far the clock of another machine may be ahead. */
const maxAheadMs = 5 * 60_000;

/**
 * A request in the name of the depot whose key and certificate these are. `purpose`, such as `renew`, is a part of what is
 * signed, so that a request of one kind cannot serve as another.
 */
export function signRequest(
  purpose: string,
  payload: unknown,
  keyPem: string,
  chainPem: string,
  nowMs: number,
): SignedRequest {
  const text = JSON.stringify({ purpose, at: new Date(nowMs).toISOString(), body: payload ?? null });
  const [leaf] = readCertificates(chainPem, "this depot's certificate");
  const signature = sign('sha256', signedBytes(leaf, text), readPrivateKey(keyPem)).toString('base64');
  return { payload: text, chain: chainPem, signature };
}

/**
 * Who made the request, and what for. A replay within a day passes: what must happen once is for the caller to see to.
 * @throws DepotError `certificate-refused` when the requester's certificate is not good or is revoked, `request-refused`
 * when the request was altered, is for another purpose, or is not of now
 */
export function checkRequest(purpose: string, request: SignedRequest, context: RequestContext): CheckedRequest {
  const { anchors, nowMs, isRevoked, graceMs = 0, subjects } = context;
  const [leaf, ...intermediates] = readCertificates(request.chain, 'the chain of a signed request');
  const { identity, serial, expiresAtMs } = checkChain({ leaf, intermediates, anchors, nowMs, graceMs, subjects });
  const who = `${identity.depot} (${identity.site})`;
  if (isRevoked(serial)) {
    throw new DepotError('certificate-refused', `the certificate of ${who} is revoked (serial ${serial})`);
  }
  if (!isSigned(leaf, request)) throw refusal(who, 'was altered on the way: its signature does not fit');
  const { at, body } = readPayload(purpose, request.payload, who);
  const atMs = Date.parse(at);
  if (nowMs - atMs > maxAgeMs) {
    throw refusal(who, `is ${spanOf(nowMs - atMs)} old (of ${momentOf(atMs)}), and counts for ${spanOf(maxAgeMs)}`);
  }
  if (atMs - nowMs > maxAheadMs) {
    throw refusal(who, `is of ${momentOf(atMs)}, and here it is ${momentOf(nowMs)}: set the clocks of both machines`);
  }
  return { identity, serial, expiresAtMs, payload: body, atMs };
}

function isSigned(leaf: X509Certificate, { payload, signature }: SignedRequest): boolean {
  try {
    return verify('sha256', signedBytes(leaf, payload), leaf.publicKey, Buffer.from(signature, 'base64'));
  } catch {
    return false; // a key that cannot make such a signature
  }
}

/** The certificate is a part of it, so that no other one for the same key can be put in its place. */
function signedBytes(leaf: X509Certificate, payload: string): Buffer {
  return Buffer.from(`depotd request 1\n${sha256(leaf.raw)}\n${payload}`);
}

function readPayload(purpose: string, text: string, who: string): z.infer<typeof payloadShape> {
  const payload = parsePayload(text);
  if (payload === undefined) throw refusal(who, 'does not say what and when');
  if (payload.purpose !== purpose)
    throw refusal(who, `is to ${quoted(payload.purpose)}, and not to ${quoted(purpose)}`);
  return payload;
}

function parsePayload(text: string): z.infer<typeof payloadShape> | undefined {
  try {
    return payloadShape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function refusal(who: string, flaw: string): DepotError {
  return new DepotError('request-refused', `the signed request of ${who} ${flaw}`);
}
