import type { Readable } from 'node:stream';
import { errors, type Pool } from 'undici';
import { DepotError } from '../model/errors.js';
import type { AnswerHead } from './answers.js';
import { flowing, type Floor } from './body.js';
import { asHandshakeError } from './handshake.js';
import { hintOfNoConnection } from './no-connection.js';

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body is still on the line: it must be read to its end, or let go of by ending the iteration. */
export interface Answer extends AnswerHead {
  /** @throws DepotError `transfer-cut`, `parent-answer` or `interrupted` */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Lets go of the body; the connection is closed unless the body has ended. */
  drop(): void;
}

/** More informational answers (1xx) than that before the real one are an attack: each would prolong the wait. */
const mostInformational = 8;

/**
 * Sends one request and gives its answer, whatever the status, once the headers are there.
 * @throws DepotError `parent-unreachable`, `parent-answer` (not HTTP at all), `certificate-refused` or `interrupted`
 */
export async function exchange(pool: Pool, origin: string, request: Request, floor: Floor): Promise<Answer> {
  const { method, path, headers, body, signal } = request;
  const subject = `${method} ${path} at ${origin}`;
  let informational = 0;
  const onInfo = (): void => {
    informational += 1;
    if (informational > mostInformational) {
      throw new DepotError('parent-answer', `${subject}: one informational answer after the other`);
    }
  };
  try {
    const response = await pool.request({
      method,
      path,
      headers,
      onInfo,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    const head = { subject, status: response.statusCode, headers: response.headers };
    return { ...head, ...handling(response.body, head, floor, signal) };
  } catch (thrown) {
    throw asExchangeError(thrown, subject, signal);
  }
}

function handling(
  body: Readable,
  head: AnswerHead,
  floor: Floor,
  signal: AbortSignal | undefined,
): Omit<Answer, keyof AnswerHead> {
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield* flowing(body, floor, head.subject);
    } catch (thrown) {
      throw asBodyError(thrown, head.subject, signal);
    }
  }
  const drop = (): void => {
    // An aborted body reports that it was; nobody waits for it any more.
    body.on('error', () => undefined).destroy();
  };
  return { chunks: read(), drop };
}

/** What went wrong before there was an answer. */
function asExchangeError(thrown: unknown, subject: string, signal: AbortSignal | undefined): DepotError {
  if (thrown instanceof DepotError) return thrown;
  const known = asInterruption(thrown, subject, signal) ?? asHandshakeError(thrown, subject);
  if (known !== undefined) return known;
  if (thrown instanceof errors.HTTPParserError || thrown instanceof errors.HeadersOverflowError) {
    return new DepotError('parent-answer', `${subject}: what answered does not speak HTTP: ${thrown.message}`, {
      cause: thrown,
      hint: 'check the port and the scheme (http or https) in the URL of the parent',
    });
  }
  return new DepotError('parent-unreachable', `${subject}: ${reasonOf(thrown)}`, {
    cause: thrown,
    hint: thrown instanceof errors.SocketError ? hungUp : hintOfNoConnection(thrown),
    retry: 'now',
  });
}

const hungUp =
  'it hung up without an answer: check the scheme (http or https) in its URL; with https, its log says whether it takes ' +
  'the certificate of this depot';

/** What went wrong while a body came. */
function asBodyError(thrown: unknown, subject: string, signal: AbortSignal | undefined): DepotError {
  if (thrown instanceof DepotError) return thrown;
  const interrupted = asInterruption(thrown, subject, signal);
  if (interrupted !== undefined) return interrupted;
  if (thrown instanceof errors.HTTPParserError) {
    return new DepotError('parent-answer', `${subject}: the body breaks HTTP: ${thrown.message}`, { cause: thrown });
  }
  return new DepotError('transfer-cut', `${subject}: ${reasonOf(thrown)}`, { cause: thrown, retry: 'now' });
}

function asInterruption(thrown: unknown, subject: string, signal: AbortSignal | undefined): DepotError | undefined {
  const isOwn = thrown instanceof errors.ClientDestroyedError || thrown instanceof errors.ClientClosedError;
  if (!isOwn && signal?.aborted !== true) return undefined;
  return new DepotError('interrupted', `${subject}: stopped`, { cause: thrown });
}

/** Names tried one after the other fail together; then the first says why. */
function reasonOf(thrown: unknown): string {
  const first: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  return first instanceof Error ? first.message : String(first);
}
