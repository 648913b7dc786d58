import * as z from 'zod';
import { hashField } from './head.js';
import { isName, isSite, isWithin } from './names.js';
import { sha256, type Sha256 } from './sha256.js';

/*
 * The documents of the company's directory (src/trust/README.md section 2): the targets of its signed metadata. Fields that
 * are not known are ignored, so that depots of different versions can stand in one tree.
 */

const serial = z.string().regex(/^[0-9a-f]{1,40}$/);

/** Whose certificates bear a subject, where the company's own PKI issues them. Both names as RFC 4514 writes them. */
const subjectShape = z.object({
  subject: z.string().min(1).max(1024),
  /** The CA right above it; any that leads to an anchor where it is left out. */
  issuer: z.string().min(1).max(1024).optional(),
  depot: z.string().refine(isName),
  site: z.string().refine(isSite),
});
export type SubjectRow = Readonly<z.infer<typeof subjectShape>>;

/** For every depot. */
export const companyShape = z.object({
  /** Root certificates that are trusted, PEM. */
  anchors: z.array(z.string().max(16_384)).min(1).max(16),
  /** Serial numbers of certificates that are not accepted any more; `until` is when they need no longer be listed. */
  revoked: z.array(z.object({ serial, until: z.iso.datetime() })).max(100_000),
  /** Depots that were put out as a whole, and when; what they said of themselves is forgotten. One that joins again is none. */
  gone: z
    .array(z.object({ depot: z.string().refine(isName), at: z.iso.datetime() }))
    .max(20_000)
    .optional(),
  /** How long after its end a certificate can still be renewed, in milliseconds. */
  graceMs: z.number().int().nonnegative(),
  /** Only where certificates come from the company's own PKI: then they, and nothing else, say who a depot is. */
  subjects: z.array(subjectShape).max(20_000).optional(),
});
export type CompanyDocument = z.infer<typeof companyShape>;

/** That a repository went to another master depot. */
const moveShape = z.object({
  from: z.string().refine(isName),
  to: z.string().refine(isName),
  /** The last generation of the master depot before. What its keys sign above it does not count. */
  generation: z.number().int().min(1),
  /** The number of the first generation that the new master depot publishes, or a later one. */
  next: z.number().int().min(2),
  /** The version of the root that names the keys of the new master depot. */
  root: z.number().int().min(2),
  at: z.iso.datetime(),
  /** That root, base64; of the last move only. */
  metadata: z
    .base64()
    .max(48 * 1024)
    .optional(),
});
export type Move = Readonly<z.infer<typeof moveShape>>;

/** That a depot wants to become the master depot of a repository, which the present one has to sign. */
const askedShape = z.object({
  depot: z.string().refine(isName),
  site: z.string().refine(isSite),
  /** The root that names its keys, signed by them alone; base64. */
  root: z.base64().max(48 * 1024),
  /** The newest generation that it held complete then. */
  generation: z.number().int().min(1),
  at: z.iso.datetime(),
});
export type AskedMove = Readonly<z.infer<typeof askedShape>>;

/** Depots that may ask for one repository at a time. */
export const maxAsked = 8;
/** Moves of one repository that are remembered. */
export const maxMoves = 100;

/** For the depots at a site and below it. */
export const contextShape = z.object({
  context: z.string().refine(isSite),
  repositories: z
    .array(
      z.object({
        name: z.string().refine(isName),
        kind: z.enum(['mirror', 'packages']),
        /** The depot where it is published. */
        master: z.string().refine(isName),
        /** SHA-256 of its first root metadata, `1.root.json`. */
        root: hashField,
        /** The oldest first. */
        moves: z.array(moveShape).max(maxMoves).optional(),
        asked: z.array(askedShape).max(maxAsked).optional(),
      }),
    )
    .max(10_000),
  /** How depots at this site and below are to be set (site-settings.ts); any value, since a newer version may have signed it. */
  settings: z.unknown().optional(),
});
export type ContextDocument = z.infer<typeof contextShape>;

/** A repository as the directory has it. */
export type EnrolledRepository = ContextDocument['repositories'][number] & { readonly context: string };

/** The move that made its master depot what it is; undefined where it was never moved. */
export function lastMove({ moves, master }: Pick<EnrolledRepository, 'moves' | 'master'>): Move | undefined {
  const last = moves?.at(-1);
  return last?.to === master ? last : undefined;
}

/** The name of the folder of its metadata; no repository's name begins with a dot. */
export const directoryName = '.directory';

/** The target that is the company's document. */
export const companyTarget = 'company';

/** The target that is a context's document; its `custom` has the context. Names of sites are no secret, those of repositories are. */
export function contextTarget(context: string): string {
  return `context-${sha256(context)}`;
}

/** What is read of the directory's `targets` file. */
const directoryTargetsShape = z.object({
  signed: z.object({
    targets: z.record(
      z.string(),
      z.object({
        length: z.number().int().nonnegative(),
        hashes: z.object({ sha256: hashField }),
        custom: z.object({ context: z.string().refine(isSite) }).optional(),
      }),
    ),
  }),
});

/** A document that the directory names; `context` is null for the company's. */
export interface NamedDocument {
  readonly target: string;
  readonly file: string;
  readonly context: string | null;
}

/** The documents that concern a depot at `site`: the company's, and those of the sites above it and below it. */
export function documentsFor(site: string, targets: Uint8Array): NamedDocument[] {
  const { signed } = directoryTargetsShape.parse(JSON.parse(new TextDecoder().decode(targets)));
  return Object.entries(signed.targets)
    .map(([target, { hashes, custom }]) => ({
      target,
      file: documentName(hashes.sha256, target),
      context: custom?.context ?? null,
    }))
    .filter(({ target, context }) => (context === null ? target === companyTarget : concerns(context, site)));
}

function concerns(context: string, site: string): boolean {
  return isWithin(site, context) || isWithin(context, site);
}

/** Where a document's bytes are asked for and kept: the name of a TUF target with its hash (consistent snapshots). */
function documentName(hash: Sha256, target: string): string {
  return `${hash}.${target}`;
}

const documentForm = /^[0-9a-f]{64}\.(?:company|context-[0-9a-f]{64})$/;

export function isDocumentName(text: string): boolean {
  return documentForm.test(text);
}
