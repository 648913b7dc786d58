import type { Kind } from './head.js';
import type { Role } from './metadata.js';

/*
 * What the commands about trust print with `--json`, and the control socket answers. Times are ISO 8601 in UTC. Fields may
 * be added.
 */

/** Where a signing key is: unprotected on this machine, under a passphrase on it, or not on it. */
export type KeyPlace = 'here' | 'sealed' | 'elsewhere';

/** The signing keys of what is published here, and of the company's directory where this depot holds it. */
export interface KeysStatus {
  readonly keys: readonly KeyStatus[];
}

export interface KeyStatus {
  /** `.directory` for the company's directory. */
  readonly repository: string;
  readonly role: Role;
  /** The id of the key in TUF metadata. */
  readonly keyId: string;
  readonly where: KeyPlace;
  /** How many signatures the role needs. */
  readonly threshold: number;
  /** When what was last signed for the role expires; null before the first generation. */
  readonly expiresAt: string | null;
}

/** A root key that was put under a passphrase. */
export interface ProtectedKey {
  readonly repository: string;
  readonly keyId: string;
  /** The text of the file, which only the passphrase opens. */
  readonly sealed: string;
}

/** What a rotation, or a further root key, came to. */
export interface KeysChange {
  readonly repository: string;
  /** Whose keys are others now. */
  readonly roles: readonly Role[];
  /** The root that says so. */
  readonly root: number;
  /** The generation that the new keys signed; null where none had to be signed. */
  readonly generation: number | null;
  readonly rootKey: KeyPlace;
}

/** What `depot trust reset` discards, or (dry run) would discard. The installation copy and the content stay. */
export interface TrustResetResult {
  readonly repository: string;
  readonly dryRun: boolean;
  /** Root metadata: which keys were trusted. */
  readonly roots: number;
  /** Heads, and the newest generation among them; null where none was seen. */
  readonly heads: number;
  readonly newest: number | null;
}

export interface CertificateStatus {
  readonly depot: string;
  readonly site: string;
  /** Lower-case hexadecimal. */
  readonly serial: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
}

export interface IssuedStatus extends CertificateStatus {
  /** When the certificate before had ended, where the depot came back after that; null for others. */
  readonly rejoined: string | null;
}

/** A row of the directory's map. */
export interface SubjectStatus {
  /** As RFC 4514 writes it. */
  readonly subject: string;
  /** The CA right above it; null for any that leads to an anchor. */
  readonly issuer: string | null;
  readonly depot: string;
  readonly site: string;
}

/** `null` where certificates name depot and site themselves, or the directory is not here yet. */
export interface SubjectsStatus {
  readonly subjects: readonly SubjectStatus[] | null;
}

/** The rows that were added or removed. */
export interface SubjectsChange {
  readonly subjects: readonly SubjectStatus[];
}

export interface CertificatesStatus {
  /** Null for a depot that has not joined. */
  readonly own: CertificateStatus | null;
  /** The subject of the own one, where the company's own PKI issues the certificates; null elsewhere. */
  readonly subject: string | null;
  /** SHA-256 of the first root of the directory, which `depot join --certificate` is told; null for a depot that has not joined. */
  readonly directory: string | null;
  /** SHA-256 of each trusted root certificate, with when it expires. */
  readonly anchors: readonly { readonly fingerprint: string; readonly subject: string; readonly expiresAt: string }[];
  /** Those that the CA issued and that still count, the newest first; null where the CA is elsewhere. */
  readonly issued: readonly IssuedStatus[] | null;
}

/** What is trusted after `depot ca anchors`: SHA-256 of each root. */
export interface AnchorsResult {
  readonly anchors: readonly string[];
}

/** What `depot ca rotate` came to. */
export interface AuthorityRotation {
  /** SHA-256 of the root that leads now. */
  readonly fingerprint: string;
  /** Fingerprints of the roots that are trusted, that one the last. */
  readonly anchors: readonly string[];
}

export interface InvitationResult {
  readonly depot: string;
  readonly site: string;
  /** The secret: whoever has it can join under that name, once. */
  readonly token: string;
  readonly expiresAt: string;
  readonly urls: readonly string[];
}

export interface RevokeResult {
  readonly depot: string;
  readonly certificates: number;
}

export interface EnrolledStatus {
  readonly repository: string;
  /** `waiting`: a person at the depot that holds the directory has to approve it. */
  readonly state: 'enrolled' | 'waiting';
}

/** What `depot repository take-over` came to, at the depot that wants to be the master. */
export interface TakeOverResult {
  readonly repository: string;
  /** This one. */
  readonly depot: string;
  /** The present master depot. */
  readonly master: string;
  /** The generation that is whole here; null where the request was taken back. */
  readonly generation: number | null;
  readonly state: 'asked' | 'taken-over' | 'cancelled';
}

/** What `depot repository move` or `keep` came to, at the master depot. */
export interface MoveResult {
  readonly repository: string;
  /** The depot that asked. */
  readonly to: string;
  /** The last one that was published here; null where nothing was signed. */
  readonly generation: number | null;
  /** `signed`: nothing more is published here, and the directory is told as soon as it can be reached. */
  readonly state: 'moved' | 'signed' | 'kept';
}

export interface RepositoriesStatus {
  /** Null for a depot that has not joined. */
  readonly enrolled:
    readonly { readonly name: string; readonly kind: Kind; readonly context: string; readonly master: string }[] | null;
  /** Those that wait for a person; null where the directory is elsewhere. */
  readonly waiting:
    readonly { readonly name: string; readonly context: string; readonly master: string; readonly at: string }[] | null;
}
