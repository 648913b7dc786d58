import { isSha256, type Sha256 } from './sha256.js';

/** A form in which an object travels: on a base that both sides hold, or compressed by itself. */
export interface EncodingName {
  readonly sha256: Sha256;
  /** Null: zstd by itself. */
  readonly base: Sha256 | null;
}

/** `S.zst` or `S.from.B`, in a URL and as a file. */
export function formatEncodingName({ sha256, base }: EncodingName): string {
  return base === null ? `${sha256}.zst` : `${sha256}.from.${base}`;
}

/** Undefined where it is no name of an encoding. */
export function parseEncodingName(text: string): EncodingName | undefined {
  const [sha256 = '', form, base, ...more] = text.split('.');
  if (!isSha256(sha256) || more.length > 0) return undefined;
  if (form === 'zst' && base === undefined) return { sha256, base: null };
  return form === 'from' && base !== undefined && isSha256(base) ? { sha256, base } : undefined;
}

/** Objects beyond this size, in bytes, travel alone, in an encoding of their own; smaller ones in bundles. */
export const largeBytes = 256 * 1024;
