import { maxPageBytes } from '../manifest/page.js';

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * Every limit of the wire, for both sides (README section 9). What is larger is refused before it is held in memory;
 * sizes are bytes of the body as it travels unless the name says otherwise.
 */
export const limits = {
  stateBytes: 64 * KiB,
  /** Units that a state or a row names as missing, each a package and the number of a revision. */
  missingUnits: 500,
  unitBytes: 80,
  directoryBytes: 4 * MiB,
  /** Twice 50 windows of 50 dates each. */
  uploadsBytes: 128 * KiB,
  /** The text of one page, decompressed. */
  pageTextBytes: maxPageBytes,
  /** Pages that are asked for in one request, and the bytes of them in one answer; one at least is given. */
  pagesAtOnce: 256,
  pagesBytes: 1 * MiB,
  /** A difference stream, compressed. Beyond it the pages are fetched. */
  differenceBytes: 256 * MiB,
  /** Objects that one bundle is asked for, and the bases of it. */
  bundleObjects: 4_096,
  bundleRequestBytes: 65 * KiB,
  /** Of one object in a bundle, and of all of them or of their bases, as files. */
  bundledObjectBytes: 1 * MiB,
  bundleBytes: 8 * MiB,
  /** Objects that one request for offers names, and its body. */
  offersAsked: 500,
  offersRequestBytes: 40 * KiB,
  /** Offers in an answer, those of bases among them, forms in one of them, and the body. */
  offers: 4_000,
  offeredForms: 17,
  offersBytes: 512 * KiB,
  /** About 5,000 depots of three repositories each. */
  reportBytes: 16 * MiB,
  reportRows: 5_000,
  /** Repositories in a directory, in one row of a report, in one demand. */
  repositories: 10_000,
  /** Selections in the demand of one repository, and globs in one selection. */
  selections: 1_000,
  globs: 1_000,
  globBytes: 1 * KiB,
  /** A request that climbs to the CA, and its answer. */
  climbBytes: 2 * MiB,
  errorBytes: 16 * KiB,
  urlBytes: 1 * KiB,
  headerBytes: 8 * KiB,
  /** A body must make this much headway while it is waited for, or it is cut: a tenth of what a 64 kbit/s line gives to four transfers. */
  floor: { bytes: 16 * KiB, windowMs: 60_000 },
  /** The longest that a parent can keep a child away by Retry-After. */
  retryAfterMs: 3_600_000,
} as const;

/** The most bytes that zstd makes of a text of this length: ZSTD_COMPRESSBOUND of zstd.h. */
export function compressedBound(length: number): number {
  const small = 128 * KiB;
  return length + Math.floor(length / 256) + (length < small ? Math.floor((small - length) / 2048) : 0);
}
