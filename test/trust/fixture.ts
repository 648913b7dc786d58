import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { DepotError, type ErrorCode } from '../../src/model/errors.js';
import { makeAuthority, type Authority } from '../../src/trust/authority.js';
import { makeKeyAndRequest } from '../../src/trust/certificate-request.js';
import type { DepotIdentity } from '../../src/trust/identity.js';
import { issueCertificate, type IssuedCertificate } from '../../src/trust/issue.js';

export const day = 24 * 60 * 60_000;
export const nowMs = Date.parse('2026-03-01T12:00:00Z');
export const munich: DepotIdentity = { depot: 'munich-1', site: 'enterprise/germany/munich' };
export const germany: DepotIdentity = { depot: 'germany-1', site: 'enterprise/germany' };

export function newAuthority(company = 'Example GmbH', atMs = nowMs): Promise<Authority> {
  return makeAuthority({ company, nowMs: atMs });
}

export interface Enrolled extends IssuedCertificate {
  readonly key: string;
}

/** A depot with a key and a certificate of 90 days. */
export async function enrol(authority: Authority, identity: DepotIdentity, atMs = nowMs): Promise<Enrolled> {
  const { key, request } = await makeKeyAndRequest(identity);
  return { key, ...(await issueCertificate(authority, request, identity, { nowMs: atMs, lifeMs: 90 * day })) };
}

/** Expects the refusal, and gives what it says: the message, then the hint. */
export function refusal(code: ErrorCode, act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    return textOf(code, thrown);
  }
  throw new Error(`expected ${code}, and nothing was refused`);
}

export async function refusalOf(code: ErrorCode, promise: Promise<unknown>): Promise<string> {
  const thrown = await promise.then(
    () => new Error(`expected ${code}, and nothing was refused`),
    (error: unknown) => error,
  );
  return textOf(code, thrown);
}

function textOf(code: ErrorCode, thrown: unknown): string {
  if (!(thrown instanceof DepotError)) throw thrown;
  expect(thrown.code).toBe(code);
  return `${thrown.message} ${thrown.hint ?? ''}`.trim();
}

/** What `openssl` prints; it fails where openssl does. */
export async function openssl(folder: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('openssl', args, { cwd: folder });
  return stdout;
}

/** The character at that place becomes another one of Base64. */
export function damaged(text: string, at: number): string {
  const old = text.charAt(at);
  return `${text.slice(0, at)}${old === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}
