import type { ErrorCode } from '../model/errors.js';

/** How `depot` and `depotd` end: the one table. The README prints it, the unit file names those that a restart cannot help. */
export const exitCodes = {
  ok: { code: 0, meaning: 'done' },
  failed: { code: 1, meaning: 'failed, for a reason that has no code of its own' },
  usage: { code: 2, meaning: 'the command line cannot be understood' },
  daemonDown: { code: 3, meaning: 'the daemon is not running, or does not answer' },
  configuration: { code: 4, meaning: 'the configuration is missing or has problems' },
  dataDirectory: { code: 5, meaning: 'the data directory is used by another daemon, or cannot be used' },
  notFound: { code: 6, meaning: 'no repository, path, generation or hold of that name' },
  heldBack: { code: 7, meaning: 'published, but names that cannot be distributed were held back' },
  sourceRefused: {
    code: 8,
    meaning: 'the source is missing, unreadable, or not the one of before',
  },
  held: { code: 9, meaning: 'deletions or a new line of generations wait for approval' },
  parentFailed: { code: 10, meaning: 'the parent cannot be reached, or what it sent is not acceptable' },
  damageFound: { code: 11, meaning: 'content that is damaged or missing was found' },
  noPermission: { code: 12, meaning: 'this user may not use the control socket or the data directory' },
  diskFull: { code: 13, meaning: 'no space is left' },
  listenFailed: { code: 14, meaning: 'the address or the control socket to listen on cannot be bound' },
  packageRefused: { code: 15, meaning: 'the state of the package, or its work copy, does not allow it' },
  interrupted: { code: 130, meaning: 'stopped by Ctrl-C or a signal; what was done is kept' },
} as const;

export type ExitName = keyof typeof exitCodes;
export type ExitCode = (typeof exitCodes)[ExitName]['code'];

const exits: Readonly<Record<ErrorCode, ExitName>> = {
  'config-invalid': 'configuration',
  'config-missing': 'configuration',
  'data-locked': 'dataDirectory',
  'data-unusable': 'dataDirectory',
  'listen-failed': 'listenFailed',
  'daemon-down': 'daemonDown',
  'no-permission': 'noPermission',
  'not-found': 'notFound',
  'bad-request': 'usage',
  'not-allowed': 'parentFailed',
  'parent-unreachable': 'parentFailed',
  'parent-answer': 'parentFailed',
  'parent-busy': 'parentFailed',
  'certificate-refused': 'parentFailed',
  'certificate-ends': 'failed',
  'head-refused': 'parentFailed',
  'head-expired': 'parentFailed',
  'root-key-needed': 'failed',
  'invitation-refused': 'usage',
  'request-refused': 'parentFailed',
  'manifest-damaged': 'damageFound',
  'object-damaged': 'damageFound',
  'object-missing': 'damageFound',
  'transfer-cut': 'parentFailed',
  'window-closed': 'failed',
  'disk-full': 'diskFull',
  'source-refused': 'sourceRefused',
  'source-unreadable': 'sourceRefused',
  'names-held-back': 'heldBack',
  'path-refused': 'parentFailed',
  'package-refused': 'packageRefused',
  'work-refused': 'packageRefused',
  interrupted: 'interrupted',
  internal: 'failed',
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return exitCodes[exits[code]].code;
}

/** Code and meaning, in the order of the codes. */
export function exitCodeRows(): readonly (readonly [code: number, meaning: string])[] {
  return Object.values(exitCodes).map(({ code, meaning }) => [code, meaning] as const);
}
