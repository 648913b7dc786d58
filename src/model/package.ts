import * as z from 'zod';
import { DepotError } from './errors.js';
import { hashField } from './head.js';
import { isName, isSite } from './names.js';
import { priorities } from './priority.js';

/** The name of the signed record of a package, in the package's folder. */
export const recordName = '.package';

const count = z.number().int().nonnegative();
const time = z.iso.datetime();
const name = z.string().refine(isName, 'not a name');
const site = z.string().refine(isSite, 'not a site');
const sites = z.array(site).max(10_000);
const text = z.string().max(4096);

/** The sites that get a package: those in and below `to`, but for those in and below `except`; the longest name decides. */
const targetsShape = z.object({ to: sites, except: sites });

/** An immutable numbered state of a package. `manifest`: hash of the manifest of its files alone, by which it is known. */
const revisionShape = z.object({
  revision: count.min(1),
  preparedAt: time,
  note: text.nullable(),
  version: text.nullable(),
  files: count,
  bytes: count,
  manifest: z.object({ sha256: hashField, length: count }),
  /** The generation in which it was distributed; null before. */
  distributedIn: count.nullable(),
  revokedAt: time.nullable(),
  retiredAt: time.nullable(),
});

/** Depots that try a release first: those at and below the sites, and those named. */
const ringShape = z.object({ name, sites, depots: z.array(name).max(10_000) });

/**
 * What clients see from a time on, everywhere or in a ring. `in`: the generation that said so first. `urgent`: what depots lack
 * of it travels before all else.
 */
const releaseShape = z.object({
  revision: count.min(1),
  at: time,
  commandedAt: time,
  ring: ringShape.nullable(),
  in: count.min(1),
  urgent: z.boolean().default(false),
});

/** `<package>/.package`: all that depots know of a package, signed with the manifest that it stands in. */
const recordShape = z.object({
  schema: z.literal(1),
  name,
  type: name,
  title: text,
  vendor: text.nullable(),
  version: text.nullable(),
  /** False where files of this package travel as they are: no zstd, no delta, never in a bundle. */
  compress: z.boolean(),
  /** Whether large files travel as deltas even so. */
  delta: z.boolean().default(false),
  /** Released revisions in the installation copies; days for which older ones stay fetchable. */
  keep: z.object({ releases: count.min(1), days: count }),
  /** Where it comes among the packages that a depot fetches. */
  priority: z.enum(priorities).default('normal'),
  /** Null before it is distributed. */
  targets: targetsShape.nullable(),
  /** In the order of their numbers, which are never used twice. */
  revisions: z.array(revisionShape).max(100_000),
  /** In the order in which they were commanded. */
  releases: z.array(releaseShape).max(100_000),
  /** What was deleted stays as this record, because of the numbers. */
  deletedAt: time.nullable(),
});

export type PackageRecord = z.infer<typeof recordShape>;
export type Targets = z.infer<typeof targetsShape>;
export type Revision = z.infer<typeof revisionShape>;
export type Release = z.infer<typeof releaseShape>;
export type Ring = z.infer<typeof ringShape>;

/** @throws DepotError `manifest-damaged` where the text is no record of that package */
export function parsePackage(name: string, text: string): PackageRecord {
  try {
    const record = recordShape.parse(JSON.parse(text));
    if (record.name !== name) throw new Error(`it is the record of ${record.name}`);
    return record;
  } catch (cause) {
    const message = `the record of the package ${name} cannot be read: ${String(cause instanceof Error ? cause.message : cause)}`;
    throw new DepotError('manifest-damaged', message, { cause });
  }
}

/** One line a field, so that a person can read it and a change to it is a small delta. */
export function formatPackage(record: PackageRecord): string {
  return `${JSON.stringify(record, undefined, 1)}\n`;
}
