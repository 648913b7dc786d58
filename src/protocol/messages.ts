import * as z from 'zod';
import { errorCodes, type ErrorCode } from '../model/errors.js';
import { hashField } from '../model/head.js';
import { isName, isSite } from '../model/names.js';
import type { Offer } from '../model/offer.js';
import type { Demands } from '../model/selection.js';
import type { ReportRow } from '../model/report-row.js';
import type { Sha256 } from '../model/sha256.js';
import { limits } from './limits.js';

const name = z.string().refine(isName, 'not a name');
const site = z.string().refine(isSite, 'not a site');
const kind = z.enum(['mirror', 'packages']);
const count = z.number().int().nonnegative();
const versions = z.object({ root: count.min(1), timestamp: count.min(1) });
const headRef = z.object({ generation: count.min(1), sha256: hashField });

/** README section 4. What this depot holds of a repository, for the child that asks; a hint, never trusted. */
export const stateMessage = z.object({
  repository: name,
  /** The newest head held here. */
  head: headRef.nullable(),
  /** The newest generation of which all is here that this child's demand asks for; of packages, the manifest and all records. */
  complete: headRef.nullable(),
  /** Of packages: the units of that generation that this child's demand asks for and that are not whole here, `vlc/3`. */
  missing: z.array(z.string().max(limits.unitBytes)).max(limits.missingUnits).optional(),
  /** The newest signed metadata here; null before there is any. */
  metadata: versions.nullable(),
  /** The newest metadata of the company's directory here; null where this depot has not joined. */
  company: versions.nullable(),
  /** SHA-256 of what `GET /v1/directory` gives this child. */
  directory: hashField,
  /** SHA-256 of what `GET /v1/uploads` gives; left out where nothing limits what this child gets. */
  uploads: hashField.optional(),
  depot: name,
});
export type StateMessage = z.infer<typeof stateMessage>;

/** README section 3. The repositories whose context covers the child's site. */
export const directoryMessage = z.object({
  depot: name,
  site,
  repositories: z.array(z.object({ name, kind, context: site, master: name })).max(limits.repositories),
  /** As in a state; the signed directory has the last word on what there is. */
  company: versions.nullable(),
});
export type DirectoryMessage = z.infer<typeof directoryMessage>;
export type DirectoryRepository = DirectoryMessage['repositories'][number];

const glob = z.string().min(1).max(limits.globBytes);
const globs = z.array(glob).max(limits.globs);
const selection = z.object({ include: globs, exclude: globs, site: site.optional() });
const demands = z.record(name, z.array(selection).max(limits.selections));

// Rows are passed on to the next level, so they keep the fields that this version does not know.
const reportRow = z.looseObject({
  depot: name,
  site,
  parent: z.string().max(limits.urlBytes).nullable(),
  version: z.string().max(100),
  at: z.iso.datetime(),
  repositories: z
    .array(
      z.looseObject({
        name,
        role: z.enum(['master', 'child']),
        generation: count.nullable(),
        newest: count.nullable(),
        unitsComplete: count,
        units: count,
        bytesLeft: count,
        held: count,
        lagSeconds: count,
        error: z.string().max(1_000).nullable(),
        missing: z.array(z.string().max(limits.unitBytes)).max(limits.missingUnits).optional(),
        forecast: z
          .looseObject({
            bytesLeft: count.nullable(),
            doneAt: z.iso.datetime().nullable(),
            reason: z.string().max(100).nullable(),
            waitsFor: z.string().max(limits.urlBytes).nullable(),
          })
          .optional(),
      }),
    )
    .max(limits.repositories),
});

/** README section 7. The rows of a depot and of those below it, and its demand: under a hash, in full where that is new. */
export const reportMessage = z.object({
  rows: z.array(reportRow).max(limits.reportRows),
  demand: z.object({ hash: hashField, repositories: demands.optional() }),
});
export interface ReportMessage {
  readonly rows: readonly ReportRow[];
  readonly demand: { readonly hash: string; readonly repositories?: Demands | undefined };
}

/** `send`: the parent does not have the demand of that hash; the child reports again, with it. */
export const reportAnswer = z.object({ demand: z.enum(['known', 'send']) });
export type ReportAnswer = z.infer<typeof reportAnswer>;

/** README section 6. Large objects of which a child wants to know what is ready here. */
export const offersRequest = z.object({ objects: z.array(hashField).min(1).max(limits.offersAsked) });
export interface OffersRequest {
  readonly objects: readonly Sha256[];
}

const form = z.object({ base: hashField.nullable(), bytes: count.min(1).nullable() });
const offer = z.object({ object: hashField, size: count, forms: z.array(form).max(limits.offeredForms) });

/** README section 6. */
export const offersMessage = z.object({ offers: z.array(offer).max(limits.offers) });
export interface OffersMessage {
  readonly offers: readonly Offer[];
}

/** README section 8. */
export const errorMessage = z.object({
  code: z
    .string()
    .transform((text): ErrorCode | undefined => (Object.hasOwn(errorCodes, text) ? (text as ErrorCode) : undefined)),
  message: z.string(),
  hint: z.string().nullable(),
});
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | null;
}

/**
 * The bytes of a message as its value. Fields that this version does not know are ignored, so that depots of different
 * versions can stand in one tree.
 * @throws Error that names the first field which is not as it must be; the caller says whose message it was.
 */
export function parseMessage<T>(shape: z.ZodType<T>, bytes: Uint8Array): T {
  const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [problem] = parsed.error.issues;
  throw new Error(`${problem?.path.join('.') ?? ''}: ${problem?.message ?? 'not a message'}`, { cause: parsed.error });
}

export function formatMessage(
  message:
    StateMessage | DirectoryMessage | ReportMessage | ReportAnswer | OffersRequest | OffersMessage | ErrorMessage,
): Buffer {
  return Buffer.from(JSON.stringify(message), 'utf8');
}
