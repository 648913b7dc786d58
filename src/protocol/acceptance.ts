import type * as z from 'zod';
import { DepotError } from '../model/errors.js';
import { isSha256, type Sha256 } from '../model/sha256.js';
import { htmlAnswered, isHtml, notTheProtocol, printable, refusal, type AnswerHead } from './answers.js';
import { collect } from './body.js';
import type { Answer } from './exchange.js';
import { limits } from './limits.js';
import { parseMessage } from './messages.js';
import { readContentRange } from './ranges.js';

/** The answer, if it is of a status that is wanted and its body came unchanged. @throws DepotError what it says instead */
export async function accept(answer: Answer, wanted: readonly number[]): Promise<Answer> {
  if (!wanted.includes(answer.status)) throw await refusalOf(answer);
  if (answer.status >= 300) return answer;
  if (isHtml(answer)) {
    answer.drop();
    throw htmlAnswered(answer);
  }
  const coding = answer.headers['content-encoding'];
  if (coding !== undefined) throw refuse(answer, `the body was recoded (${printable(coding)}) on the way`);
  return answer;
}

/** The error that an answer stands for; a short body is read to its end, so that the connection can be used again. */
export async function refusalOf(answer: Answer): Promise<DepotError> {
  try {
    return refusal(answer, await whole(answer, limits.errorBytes));
  } catch (error) {
    if (error instanceof DepotError && error.code === 'interrupted') return error;
    return refusal(answer, new Uint8Array());
  }
}

/** A message of JSON. @throws DepotError `parent-answer` where the body is not one of that shape */
export async function readJson<T>(answer: Answer, limit: number, shape: z.ZodType<T>): Promise<T> {
  return parseJson(answer, await readJsonBytes(answer, limit), shape);
}

/** The bytes of a message of JSON, for those who need their hash. */
export async function readJsonBytes(answer: Answer, limit: number): Promise<Buffer> {
  const type = answer.headers['content-type'] ?? 'no content type';
  if (/^application\/json\s*(;|$)/i.test(type)) return whole(answer, limit);
  throw refuse(answer, `answered ${printable(type)} in place of application/json`);
}

export function parseJson<T>(answer: AnswerHead, bytes: Uint8Array, shape: z.ZodType<T>): T {
  try {
    return parseMessage(shape, bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw notTheProtocol(answer, `answered what is not the message asked for: ${printable(reason)}`);
  }
}

/** @throws DepotError `parent-answer` where text is declared; the bytes of pages and objects travel as bytes. */
export function checkBinary(answer: Answer): void {
  const type = answer.headers['content-type'] ?? '';
  if (/^\s*(text\/|application\/json)/i.test(type)) {
    throw refuse(answer, `answered ${printable(type)} in place of application/octet-stream`);
  }
}

/** A strong ETag with the form of a hash is that of the bytes; a static server has tags of its own, which say nothing. */
export function checkTag(answer: Answer, sha256: Sha256): void {
  const tag = answer.headers.etag?.replaceAll('"', '') ?? '';
  if (isSha256(tag) && tag !== sha256) throw refuse(answer, `the ETag is that of other bytes, ${tag}`);
}

/** The range that was asked for, of an object of `size` bytes. */
export function checkRange(answer: Answer, offset: number, length: number, size: number): void {
  const header = answer.headers['content-range'];
  const range = readContentRange(header);
  if (range?.start === offset && range.end === offset + length - 1 && range.size === size) return;
  throw refuse(answer, `asked for bytes ${offset}-${offset + length - 1}/${size}, got "${printable(header)}"`);
}

/** The range that was asked for of something of at most so many bytes, or what there is of it; gives its size. */
export function checkPart(answer: Answer, offset: number, length: number, most: number): number {
  const header = answer.headers['content-range'];
  const range = readContentRange(header);
  if (range !== undefined && range.size > most) {
    throw refuse(answer, `declares ${range.size} bytes where at most ${most} can be right`);
  }
  if (range?.start === offset && range.end === Math.min(offset + length, range.size) - 1) return range.size;
  throw refuse(answer, `asked for bytes from ${offset} on, got "${printable(header)}"`);
}

/** All of the body, as it comes: as many bytes as it declares, and of those no more than `limit`. */
export function wholeOf(answer: Answer, limit: number): AsyncIterable<Uint8Array> {
  return complete(answer, lengthOf(answer), atMost(answer, limit));
}

/** The bytes of a body, as it declares them. @throws DepotError `parent-answer` where it does not */
export function lengthOf(answer: Answer): number {
  const declared = declaredLength(answer);
  if (declared === undefined) throw refuse(answer, 'declares no length');
  return declared;
}

/** All of the body. */
export async function whole(answer: Answer, limit: number): Promise<Buffer> {
  return collect(atMost(answer, limit));
}

/** The body, which ends the transfer where it exceeds `limit` bytes; at once where it says so itself. */
export function atMost(answer: Answer, limit: number): AsyncIterable<Uint8Array> {
  const declared = declaredLength(answer);
  if (declared !== undefined && declared > limit) {
    throw refuse(answer, `declares ${declared} bytes where at most ${limit} can be right`);
  }
  return bounded(answer, limit, `more than ${limit} bytes came, which cannot be right`);
}

/** The body, of which exactly `length` bytes are promised elsewhere. Never gives more of them. */
export function exactly(answer: Answer, length: number): AsyncIterable<Uint8Array> {
  const declared = declaredLength(answer);
  if (declared !== undefined && declared !== length) {
    throw refuse(answer, `declares ${declared} bytes where ${length} must come`);
  }
  return complete(answer, length, bounded(answer, length, `more than the ${length} bytes came that must come`));
}

/** Lets go of the body before it says what is wrong: nobody will read it. */
function refuse(answer: Answer, observed: string): DepotError {
  answer.drop();
  return notTheProtocol(answer, observed);
}

async function* bounded(answer: Answer, limit: number, tooLong: string): AsyncGenerator<Uint8Array> {
  let left = limit;
  for await (const chunk of answer.chunks) {
    if (chunk.length > left) {
      if (left > 0) yield chunk.subarray(0, left);
      throw notTheProtocol(answer, tooLong);
    }
    left -= chunk.length;
    yield chunk;
  }
}

async function* complete(
  answer: Answer,
  length: number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let came = 0;
  for await (const chunk of chunks) {
    came += chunk.length;
    yield chunk;
  }
  if (came === length) return;
  throw new DepotError('transfer-cut', `${answer.subject}: ended after ${came} of ${length} bytes`, { retry: 'now' });
}

function declaredLength({ headers }: AnswerHead): number | undefined {
  const text = headers['content-length'];
  return text === undefined ? undefined : Number(text);
}
