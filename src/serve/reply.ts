import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { DepotError, ErrorCode } from '../model/errors.js';
import { formatMessage } from '../protocol/messages.js';
import { borrowPiece, pieceBytes, returnPiece } from './pieces.js';
import type { Upload } from './uploads.js';
import { formatContentRange, readRange, type ByteRange } from '../protocol/ranges.js';

/** A request and the answer that it gets. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What large answers go by; without one they are written as fast as the line takes them. */
  readonly upload?: Upload | undefined;
}

/** What a name of content stands for never changes; a proxy may keep it for the one who asked, and must not recode it. */
const immutable = 'private, max-age=31536000, immutable, no-transform';
const revalidated = 'private, no-cache';

const statusOf: Partial<Record<ErrorCode, number>> = {
  'bad-request': 400,
  'not-allowed': 403,
  'invitation-refused': 403,
  'request-refused': 403,
  'certificate-refused': 403,
  'not-found': 404,
  'object-missing': 404,
  'object-damaged': 404,
  'manifest-damaged': 404,
  'transfer-cut': 408,
  'parent-busy': 503,
  interrupted: 503,
  'parent-unreachable': 502,
  'parent-answer': 502,
  'disk-full': 507,
};

/** A message under an ETag that a child can ask with; 304 where it has that one. */
export function replyMessage(exchange: Exchange, bytes: Buffer, etag?: string): void {
  const { response } = exchange;
  const headers = etag === undefined ? {} : { etag, 'cache-control': revalidated };
  if (etag !== undefined && isHeld(exchange.request, etag)) {
    response.writeHead(304, { etag }).end();
    return;
  }
  response.writeHead(200, { ...headers, 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

/** Immutable content that is held in memory. */
export async function replyBytes(exchange: Exchange, bytes: Uint8Array, contentType: string): Promise<void> {
  const { request, response } = exchange;
  const headers = { 'content-type': contentType, 'content-length': bytes.length, 'cache-control': immutable };
  response.writeHead(200, headers);
  if (request.method === 'HEAD' || bytes.length === 0) response.end();
  else
    await send(
      { read: async ({ length }, start) => bytes.subarray(start, start + length) },
      { start: 0, end: bytes.length - 1 },
      exchange,
    );
}

/**
 * Immutable content from an open file, in the range that is asked for. The handle is closed when this resolves, also
 * where the other side goes away in the middle. A file that ends early cuts the connection: the answer is never short.
 */
export async function replyFile(
  exchange: Exchange,
  file: { readonly handle: FileHandle; readonly size: number },
  etag?: string,
): Promise<void> {
  const { request, response } = exchange;
  const { handle, size } = file;
  try {
    const headers: OutgoingHttpHeaders = { 'cache-control': immutable };
    if (etag !== undefined) {
      Object.assign(headers, { etag, 'accept-ranges': 'bytes' });
      if (isHeld(request, etag)) {
        response.writeHead(304, headers).end();
        return;
      }
    }
    headers['content-type'] = 'application/octet-stream';
    const asked =
      etag === undefined || !isSameForRange(request, etag) ? undefined : readRange(request.headers.range, size);
    if (asked === 'unsatisfiable') {
      const problem = { code: 'bad-request', message: `there are ${size} bytes`, hint: null } as const;
      response.setHeader('content-range', `bytes */${size}`);
      end(response, 416, formatMessage(problem));
      return;
    }
    const range = asked ?? { start: 0, end: size - 1 };
    headers['content-length'] = range.end - range.start + 1;
    if (asked !== undefined) headers['content-range'] = formatContentRange(range, size);
    response.writeHead(asked === undefined ? 200 : 206, headers);
    if (request.method === 'HEAD' || size === 0) response.end();
    else await send(fileSource(handle), range, exchange);
  } finally {
    await handle.close();
  }
}

/**
 * `{code, message, hint}` with the status that goes with the code, unless the response has one of its own already.
 * Where the answer has begun, it is cut instead.
 */
export function replyError({ response }: Exchange, error: DepotError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { code, message, hint = null, retryAfterMs } = error;
  const status = response.statusCode === 200 ? (statusOf[code] ?? 500) : response.statusCode;
  if (retryAfterMs !== undefined) response.setHeader('retry-after', Math.ceil(retryAfterMs / 1000));
  // What went wrong inside is for the log here, and no business of those who ask.
  const said = status === 500 ? 'the depot failed to answer; its log says why' : message;
  end(response, status, formatMessage({ code, message: said, hint: status === 500 ? null : hint }));
}

/** RFC 9110 section 13.1.2 */
function isHeld(request: IncomingMessage, etag: string): boolean {
  const tags = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(etag) || tags.includes('*');
}

/** RFC 9110 section 13.1.5: another version than the one that was begun is sent whole. */
function isSameForRange(request: IncomingMessage, etag: string): boolean {
  const condition = request.headers['if-range'];
  return condition === undefined || condition === etag;
}

function end(response: ServerResponse, status: number, body: Buffer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

/** Where bytes come from. */
interface Source {
  /** As many as fit, in `into` or elsewhere; fewer, or none, where it ends early. */
  read(into: Uint8Array, start: number): Promise<Uint8Array>;
}

function fileSource(handle: FileHandle): Source {
  return {
    async read(into, start) {
      const { bytesRead } = await handle.read(into, 0, into.length, start);
      return into.subarray(0, bytesRead);
    },
  };
}

async function send(source: Source, { start, end }: ByteRange, { response, upload }: Exchange): Promise<void> {
  // Whoever went away before will not close a second time.
  if (response.destroyed) return;
  const most = Math.min(pieceBytes, upload?.step ?? pieceBytes, end - start + 1);
  let writing = Promise.resolve();
  for (let at = start; at <= end && !response.destroyed;) {
    // It is filled while the one before is on its way.
    const piece = borrowPiece(most);
    const bytes = await source.read(piece.subarray(0, Math.min(most, end - at + 1)), at);
    if (bytes.length === 0) {
      response.destroy();
      return;
    }
    at += bytes.length;
    await writing;
    await upload?.take(bytes.length);
    writing = written(response, bytes, () => returnPiece(piece));
  }
  await writing;
  response.end();
}

/** Resolves when it is with the system, or there is nobody to send it to. @param onWritten in the first case only */
async function written(response: ServerResponse, bytes: Uint8Array, onWritten: () => void): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('close', done);
      resolve();
    };
    response.once('close', done).write(bytes, (error) => {
      if (error == null) onWritten();
      done();
    });
  });
}
