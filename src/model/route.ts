import type { EncodingName } from './encoding.js';

/** A form that is fetched on the way to an object, and made into what it is of. */
export interface RouteStep {
  readonly name: EncodingName;
  /** On the line, as it was offered; null: it is made when it is asked for, or declined. */
  readonly bytes: number | null;
  /** Of what it makes. */
  readonly size: number;
}

/** How an object comes: by forms, each on what the one before made, the first on what is held; without any, as it is. */
export interface Route {
  readonly steps: readonly RouteStep[];
  /** On the line; at most, where a step is not offered. */
  readonly bytes: number;
}

/** What crosses the line, as bodies: headers and TLS come on top of it. */
export interface WireBytes {
  readonly bytes: number;
  /** False: at most so many. */
  readonly exact: boolean;
}
