import * as z from 'zod';
import { DepotError } from './errors.js';
import { isName, isSite, isWithin } from './names.js';
import { isSha256, sha256, type Sha256 } from './sha256.js';

export const hashField = z.custom<Sha256>((value) => typeof value === 'string' && isSha256(value), 'a SHA-256');
const count = z.number().int().nonnegative();
const globs = z.array(z.string().max(1000)).max(1000).readonly();

/** What the head says besides the manifest: `custom` of the one target (src/trust/README.md section 1). */
const customShape = z.object({
  repository: z.string().refine(isName),
  kind: z.enum(['mirror', 'packages']),
  context: z.string().refine(isSite),
  /** The line of generations; 16 random bytes in hexadecimal, new where a master depot starts over. */
  epoch: z.string().regex(/^[0-9a-f]{32}$/),
  generation: count.min(1),
  /** SHA-256 of the head before this one; null at generation 1. */
  previous: hashField.nullable(),
  files: count,
  bytes: count,
  publishedAt: z.iso.datetime(),
  /** Of a mirror, where some files do not travel compressed. */
  travel: z.object({ raw: globs, rawOrDelta: globs }).optional(),
});

/** The part of a TUF `targets` file that is the head. Fields that are not read here are the client workflow's. */
const targetsShape = z.object({
  signed: z.object({
    _type: z.literal('targets'),
    version: count.min(1),
    targets: z.strictObject({
      manifest: z.object({ length: count, hashes: z.object({ sha256: hashField }), custom: customShape }),
    }),
  }),
});

/** The statement that names the current manifest of a repository. */
export interface Head extends z.infer<typeof customShape> {
  /** The root page of the manifest: hash and length of its text. */
  readonly root: { readonly sha256: Sha256; readonly length: number };
}
export type Kind = Head['kind'];

/** A head with the exact bytes that it travels as, a signed `targets` file; `sha256` is theirs. */
export interface HeadFile {
  readonly head: Head;
  readonly bytes: Uint8Array;
  readonly sha256: Sha256;
}

/** The target that a head is, in the form that is signed. */
export function headTarget({ root, ...custom }: Head) {
  return { manifest: { ...root, custom } };
}

/**
 * Reads a head, and verifies nothing: that is done once, where it comes in (src/trust).
 * @throws DepotError `head-refused` when the bytes are not a head.
 */
export function parseHead(bytes: Uint8Array): HeadFile {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const { version, targets } = targetsShape.parse(JSON.parse(text)).signed;
    const { length, hashes, custom } = targets.manifest;
    if (version !== custom.generation) throw new Error(`version ${version} of generation ${custom.generation}`);
    return { head: { ...custom, root: { sha256: hashes.sha256, length } }, bytes, sha256: sha256(bytes) };
  } catch (cause) {
    throw new DepotError('head-refused', 'what the parent sent as head is not one', { cause });
  }
}

/** What a depot knows when a head is offered to it. */
export interface HeadExpectation {
  readonly repository: string;
  /** The depot's own site. */
  readonly site: string;
  /** The newest head that this depot has accepted. */
  readonly held: HeadFile | undefined;
  /** An epoch that a person approved in place of the held one. */
  readonly approvedEpoch: string | undefined;
}

/**
 * Whether the offered head may follow: 'accept', 'same' (nothing new), or 'new-epoch' (a person must approve: the master
 * depot lost its state and began anew, or it is another one).
 * @throws DepotError `head-refused`, with the observed values.
 */
export function judgeHead(offered: HeadFile, expected: HeadExpectation): 'accept' | 'same' | 'new-epoch' {
  const { head } = offered;
  const { held, repository, site } = expected;
  const refuse = (message: string, hint?: string): never => {
    throw new DepotError('head-refused', message, hint === undefined ? {} : { hint });
  };
  if (head.repository !== repository) refuse(`asked for the head of ${repository}, got that of ${head.repository}`);
  if (!isWithin(site, head.context)) {
    refuse(`${repository} belongs to ${head.context}, which does not cover this depot's site ${site}`);
  }
  if (held === undefined) return 'accept';
  if (offered.sha256 === held.sha256) return 'same';
  if (head.kind !== held.head.kind) refuse(`${repository} was of kind ${held.head.kind} and is now ${head.kind}`);
  if (head.epoch !== held.head.epoch) return head.epoch === expected.approvedEpoch ? 'accept' : 'new-epoch';
  if (head.generation < held.head.generation) {
    refuse(
      `parent offers generation ${head.generation} of ${repository}, this depot has seen ${held.head.generation}`,
      'the parent was restored from a backup, or replays old heads',
    );
  }
  if (head.generation === held.head.generation) {
    refuse(
      `two different heads claim to be generation ${head.generation} of ${repository}`,
      'two depots publish it, or its master depot was restored from a backup',
    );
  }
  if (head.generation === held.head.generation + 1 && head.previous !== held.sha256) {
    refuse(
      `generation ${head.generation} of ${repository} does not follow the generation ${held.head.generation} held here`,
      'two depots publish it, or its master depot was restored from a backup',
    );
  }
  return 'accept';
}
