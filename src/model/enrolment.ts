import * as z from 'zod';
import { isName, isSite } from './names.js';

/*
 * What climbs to the depot that holds the company's directory and its CA, and what comes back (src/trust/README.md
 * section 3). Those on the way pass it on as it is.
 */

const name = z.string().refine(isName, 'not a name');
const site = z.string().refine(isSite, 'not a site');
const pem = z.string().max(64 * 1024);

/** What a depot that joins must know before it can check anything: held against the fingerprints in its invitation. */
export const authorityShape = z.object({
  /** Trusted root certificates, PEM. */
  anchors: z.array(pem).min(1).max(16),
  /** The first root metadata of the directory, base64. */
  directory: z.base64().max(512 * 1024),
});
export type AuthorityMessage = z.infer<typeof authorityShape>;

/** A request to join, signed with the key of an invitation. */
export const joinShape = z.object({
  depot: name,
  site,
  /** PKCS #10 in PEM. */
  request: z.string().max(16 * 1024),
  /** Base64. */
  signature: z.base64().max(200),
});
export type JoinMessage = z.infer<typeof joinShape>;

/** A certificate that was issued: its own, then the one that issued it, PEM. */
export const issuedShape = z.object({ chain: pem });
export type IssuedMessage = z.infer<typeof issuedShape>;

/** A request in the name of a depot, as it travels: whoever passes it on can read it and can alter nothing. */
export const signedRequestShape = z.object({
  /** JSON text; these very bytes are signed. */
  payload: z.string().max(64 * 1024),
  /** The certificate of the depot that makes the request, then those above it, PEM. */
  chain: pem,
  /** Base64. */
  signature: z.base64().max(2048),
});
export type SignedRequest = Readonly<z.infer<typeof signedRequestShape>>;

const purposes = ['renew', 'invite', 'enrol', 'take-over', 'move', 'stay'] as const;
export type Purpose = (typeof purposes)[number];

/** A signed request on its way up. */
export const climbShape = z.object({
  purpose: z.enum(purposes),
  request: signedRequestShape,
  /** With a move: the roots from the first to the one that names the new master's keys, base64. They prove themselves. */
  roots: z
    .array(z.base64().max(48 * 1024))
    .max(500)
    .optional(),
});
export type ClimbMessage = z.infer<typeof climbShape>;

/** The body of a signed request, by its purpose. */
export const renewShape = z.object({ request: z.string().max(16 * 1024) });
export const inviteShape = z.object({ depot: name, site, publicKey: z.string().max(100), expiresAt: z.iso.datetime() });
export const enrolShape = z.object({
  name,
  kind: z.enum(['mirror', 'packages']),
  context: site,
  /** The first root metadata, base64. */
  root: z.base64().max(48 * 1024),
});
export type EnrolBody = z.infer<typeof enrolShape>;

/** A depot asks to become the master depot of a repository. */
export const takeOverShape = z.object({
  name,
  /** The root that names its keys, signed by them alone; base64. */
  root: z.base64().max(48 * 1024),
  /** The newest generation that it holds complete. */
  generation: z.number().int().min(1),
});
export type TakeOverBody = z.infer<typeof takeOverShape>;

/** The old root keys have signed it. `generation` is the last one before it, `next` the least number after it. */
export const moveBodyShape = z.object({
  name,
  to: name,
  generation: z.number().int().min(1),
  next: z.number().int().min(2),
});
export type MoveBody = z.infer<typeof moveBodyShape>;

/** What a depot asked for, or the old master depot signed, is not to be. */
export const stayShape = z.object({ name, depot: name });
export type StayBody = z.infer<typeof stayShape>;

/** Where the repository stands after one of the three. */
export const masterShape = z.object({ master: name });
export type MasterMessage = z.infer<typeof masterShape>;

/** `waiting`: a person at the directory has to approve a context that is wider than the master depot's own site. */
export const enrolledShape = z.object({ state: z.enum(['enrolled', 'waiting']) });
export type EnrolledMessage = z.infer<typeof enrolledShape>;
