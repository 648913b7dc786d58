/** When trying again can help: at once (another parent, a lost connection), at the next poll, or not without a person. */
export type Retry = 'now' | 'later' | 'never';

export interface ErrorDetails {
  readonly cause?: unknown;
  /** What the reader should do next; a command where there is one. */
  readonly hint?: string;
  readonly retry?: Retry;
  /** How long the other side asks to be left alone; with `parent-busy`. */
  readonly retryAfterMs?: number;
  /** The rule that a command was refused by; with `package-refused`. */
  readonly rule?: string;
}

/**
 * Every failure that depotd foresees. The message names operation, subject and observed value; `code` is stable and
 * is what programs and exit codes go by; `retry` is for the loop, which alone decides to try again.
 */
export class DepotError extends Error {
  override readonly name = 'DepotError';
  readonly hint: string | undefined;
  readonly retry: Retry;
  readonly retryAfterMs: number | undefined;
  readonly rule: string | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.hint = details.hint;
    this.retry = details.retry ?? 'later';
    this.retryAfterMs = details.retryAfterMs;
    this.rule = details.rule;
  }
}

/** The stable codes, each with the one situation that it stands for. */
export const errorCodes = {
  'config-invalid': 'the configuration has problems; they are listed',
  'config-missing': 'the configuration file is not there or cannot be read',
  'data-locked': 'another daemon uses this data directory',
  'data-unusable': 'the data directory cannot be created, written or read',
  'listen-failed': 'the address to listen on cannot be bound',
  'daemon-down': 'the daemon does not answer on its control socket, and the command needs it',
  'no-permission': 'the control socket or the data directory is not open to this user',
  'not-found': 'no repository, path, hold or generation of that name',
  'bad-request': 'a request or a command line that cannot be understood',
  'not-allowed': 'the repository is outside the scope of the depot that asks',
  'parent-unreachable': 'no connection to the parent',
  'parent-answer': 'the parent answered something that is not the protocol',
  'parent-busy': 'the parent asks to come back later',
  'certificate-refused': 'a certificate that is not accepted; the message says why',
  'certificate-ends': "this depot's own certificate is ending or has ended, and another one is needed",
  'head-refused': 'a head that must not follow the one held',
  'head-expired': 'signed metadata is past its expiry; what is held is served on',
  'root-key-needed': 'the next root must be signed, and the root key is under a passphrase or elsewhere',
  'invitation-refused': 'an invitation that is damaged, or a request to join that its key did not sign',
  'request-refused': 'a signed request that was altered, is for another purpose, or is too old',
  'manifest-damaged': 'a page or a difference stream does not hash or parse to what was promised',
  'object-damaged': 'bytes that do not hash to their name',
  'object-missing': 'an object that should be held is not there',
  'transfer-cut': 'a transfer ended early; what came is kept',
  'window-closed': 'the line is closed for bulk bytes; what came is kept',
  'disk-full': 'no space left; the old state is served on',
  'source-refused': 'the source does not look like the one that was published before',
  'source-unreadable': 'the source is missing or cannot be read',
  'names-held-back': 'published, without the names that cannot be distributed',
  'path-refused': 'a path that must not be written',
  'package-refused': 'a command that the state of a package does not allow; the message names the rule',
  'work-refused': 'a work copy of which no revision can be made; its problems are listed',
  interrupted: 'stopped by a signal; what was done is kept',
  internal: 'a fault in depotd itself',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** Wraps what a library or the system threw, so that the loop always sees a `DepotError`. Codes of the system are mapped. */
export function asDepotError(thrown: unknown, during: string): DepotError {
  if (thrown instanceof DepotError) return thrown;
  const system = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
  const message = `${during}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  if (system === 'ENOSPC' || system === 'EDQUOT' || system === 'SQLITE_FULL') {
    return new DepotError('disk-full', message, {
      cause: thrown,
      hint: 'free space on the data directory: transfers go on by themselves at the next poll, a command is to be given again',
    });
  }
  if (thrown instanceof Error && (thrown.name === 'AbortError' || system === 'ABORT_ERR')) {
    return new DepotError('interrupted', message, { cause: thrown });
  }
  const hint = system === undefined ? undefined : hintsOfPlaces[system];
  if (hint !== undefined && thrown instanceof Error && 'path' in thrown) {
    return new DepotError('data-unusable', message, { cause: thrown, hint });
  }
  return new DepotError('internal', message, { cause: thrown });
}

const notOwned = 'the user of the daemon is to own what is named there, and to be allowed to write it: ls -ld, chown';
const failing = 'the disk, or the file system on it, has a fault: see dmesg';

/** What is wrong with a file or folder that the system refuses, by its code. */
const hintsOfPlaces: Readonly<Record<string, string>> = {
  EACCES: notOwned,
  EPERM: `${notOwned}; lsattr shows what chattr made immutable`,
  EROFS: 'the file system is mounted read-only: see mount and dmesg',
  EIO: failing,
  EUCLEAN: failing,
};
