import type { IncomingHttpHeaders } from 'node:http';
import { DepotError, type ErrorCode } from '../model/errors.js';
import { limits } from './limits.js';
import { errorMessage, parseMessage } from './messages.js';

/** The status line and headers of an answer, and what was asked, for the messages of errors. */
export interface AnswerHead {
  /** `GET /v1/directory at http://127.0.0.1:8441` */
  readonly subject: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** What a parent may say of itself in an error; other codes of its body would be read as faults of this depot. */
const codesOfParents: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'not-found',
  'not-allowed',
  'certificate-refused',
  'object-missing',
  'object-damaged',
  'parent-busy',
  'invitation-refused',
  'request-refused',
]);

/** An answer outside of the protocol: the one that answered is no depot, or a broken one. */
export function notTheProtocol(head: AnswerHead, observed: string, hint?: string): DepotError {
  return new DepotError('parent-answer', `${head.subject}: ${observed}`, {
    hint: hint ?? 'check the URL of the parent, and what stands between: `curl -i` it with the same path',
  });
}

/** Whether a person's browser was meant: what captive portals, proxies and web servers say in place of a depot. */
export function isHtml(head: AnswerHead): boolean {
  return /^\s*(text\/html|application\/xhtml)/i.test(head.headers['content-type'] ?? '');
}

export function htmlAnswered(head: AnswerHead): DepotError {
  return notTheProtocol(
    head,
    `answered ${head.status} with a web page (HTML): a captive portal or a proxy answered, or the URL is not that of a depot`,
  );
}

/**
 * The error that an answer stands for which is neither 200, 206 nor an expected 304.
 * @param body its bytes, cut off after `limits.errorBytes`
 */
export function refusal(head: AnswerHead, body: Uint8Array): DepotError {
  const { status, headers, subject } = head;
  if (status === 503 || status === 429) return busy(head, body);
  if (status >= 300 && status < 400) return redirected(head);
  if (isHtml(head)) return htmlAnswered(head);
  if (status === 502 || status === 504) {
    return new DepotError('parent-unreachable', `${subject}: a gateway answered ${status}, the parent did not`, {
      hint: 'the proxy in front of the parent is up, the parent is not',
      retry: 'now',
    });
  }
  if (status === 416) {
    return notTheProtocol(head, `has fewer bytes than promised (416, "${printable(headers['content-range'])}")`);
  }
  const said = errorIn(body);
  if (said === undefined) return notTheProtocol(head, `answered ${status}`);
  const code = said.code !== undefined && codesOfParents.has(said.code) ? said.code : 'parent-answer';
  const hint = said.hint === null ? undefined : printable(said.hint);
  return new DepotError(code, `${subject}: answered ${status} "${printable(said.message)}"`, hint ? { hint } : {});
}

function busy(head: AnswerHead, body: Uint8Array): DepotError {
  const retryAfterMs = readRetryAfter(head.headers);
  const reason = errorIn(body)?.message;
  const said = reason === undefined ? '' : ` "${printable(reason)}"`;
  const when = retryAfterMs === undefined ? '' : `, and asks for ${Math.ceil(retryAfterMs / 1000)} s of peace`;
  return new DepotError('parent-busy', `${head.subject}: answered ${head.status}${said}${when}`, {
    hint: 'the next poll tries again by itself',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function redirected(head: AnswerHead): DepotError {
  const location = head.headers.location;
  if (location === undefined) return notTheProtocol(head, `answered ${head.status}`);
  return notTheProtocol(
    head,
    `answered ${head.status}, a redirection to ${printable(location)}, which is not followed`,
    'if that is the parent, put its address in the configuration; captive portals and proxies redirect, too',
  );
}

function errorIn(body: Uint8Array): ReturnType<typeof errorMessage.parse> | undefined {
  try {
    return parseMessage(errorMessage, body);
  } catch {
    return undefined;
  }
}

/** RFC 9110 section 10.2.3. A date counts from the date that the same answer bears, so that no clock here matters. */
function readRetryAfter(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.parse(headers.date ?? '');
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), limits.retryAfterMs) : undefined;
}

/** Text of the other side as it may stand in a log line: one line, no control characters, of bounded length. */
export function printable(text: string | undefined): string {
  const line = (text ?? '').replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.length > 500 ? `${line.slice(0, 500)}...` : line;
}
