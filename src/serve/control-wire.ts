import { DepotError, errorCodes, type ErrorCode } from '../model/errors.js';
import type { WorkEvent } from './control-api.js';

/** Names the data directory that the request is meant for, percent-encoded. */
export const dataHeader = 'depotd-data';

/** A line of a streamed answer; the last one is a `result` or an `error`. */
export type StreamLine = { readonly event: WorkEvent } | { readonly result: unknown } | { readonly error: WireError };

/**
 * A `DepotError` on its way to the command that shows it. `problems` as a configuration error lists them; `rule`, by which a
 * command about packages was refused.
 */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
  readonly rule?: string;
  readonly problems?: unknown;
}

export function errorToWire(error: DepotError): WireError {
  const problems: unknown = 'problems' in error ? error.problems : undefined;
  const rule = error.rule === undefined ? {} : { rule: error.rule };
  const wire = { code: error.code, message: error.message, hint: error.hint ?? null, ...rule };
  return problems === undefined ? wire : { ...wire, problems };
}

/** A code that a newer daemon made up is `internal` to an older command; the message tells the rest. */
export function errorFromWire(wire: WireError): DepotError {
  const code: ErrorCode = Object.hasOwn(errorCodes, wire.code) ? wire.code : 'internal';
  const error = new DepotError(code, wire.message, {
    retry: 'never',
    ...(wire.hint === null ? {} : { hint: wire.hint }),
    ...(wire.rule === undefined ? {} : { rule: wire.rule }),
  });
  return wire.problems === undefined ? error : Object.assign(error, { problems: wire.problems });
}
