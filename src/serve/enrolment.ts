import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import {
  climbShape,
  joinShape,
  type AuthorityMessage,
  type ClimbMessage,
  type IssuedMessage,
  type JoinMessage,
} from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import { limits } from '../protocol/limits.js';
import { parseMessage } from '../protocol/messages.js';
import { replyMessage, type Exchange } from './reply.js';
import { readBody } from './requests.js';

/** What a depot that has joined does for those that climb: at the CA it is done, elsewhere it is passed on. */
export interface Enrolment {
  authority(): AuthorityMessage;
  join(message: JoinMessage): Promise<IssuedMessage>;
  request(message: ClimbMessage): Promise<unknown>;
}

export type OpenRoute = 'ca' | 'enroll' | 'request';

/** Requests that need no certificate, as each proves by itself who made it. */
export function isOpenRequest({ url = '' }: IncomingMessage): boolean {
  return url === '/v1/ca' || url === '/v1/enroll' || url === '/v1/request';
}

export async function answerEnrolment(exchange: Exchange, route: OpenRoute, enrolment: Enrolment): Promise<void> {
  const { request } = exchange;
  const reply = (value: unknown): void => replyMessage(exchange, Buffer.from(JSON.stringify(value)));
  if (route === 'ca') return reply(enrolment.authority());
  const bytes = await readBody(request, limits.climbBytes, `POST /v1/${route}`);
  if (route === 'enroll') reply(await enrolment.join(understood(joinShape, bytes)));
  else reply(await enrolment.request(understood(climbShape, bytes)));
}

function understood<T>(shape: z.ZodType<T>, bytes: Buffer): T {
  try {
    return parseMessage(shape, bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DepotError('bad-request', `this is not such a request: ${reason}`, { cause });
  }
}
