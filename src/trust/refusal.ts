import { DepotError } from '../model/errors.js';

/** Where a verification stopped. */
export interface Stopped {
  /** Whose metadata it is, as in "tools at https://depot.example:8443". */
  readonly subject: string;
  /** The file that was looked at last, as in "7.snapshot.json". */
  readonly file: string;
  /** When the metadata of a role expired; undefined where it cannot be told. */
  expiredAtMs(role: string): number | undefined;
}

type Say = (found: readonly string[], stopped: Stopped) => string;

const replayed = 'the other side was restored from a backup, or replays old metadata';
const mixed = 'the other side mixes files of different states, or they were altered on the way';
const forged = 'somebody else signed it, or its keys were changed and the root that says so is withheld';

/**
 * What tuf-js and @tufjs/models say when they refuse, and what that means. Their errors have no names of their own and
 * pass through text, so the whole text is matched, and nothing that the other side wrote can make a refusal look like an
 * expiry: where it is quoted, spaces stand before it.
 */
const refusals: readonly (readonly [said: RegExp, say: Say, hint?: string])[] = [
  [
    /^\S+ was signed by (\d+)\/(\d+) keys$/,
    ([has, needs], { file, subject }) =>
      `${file} of ${subject} has ${has} valid of ${needs} needed signatures: too few, or by keys that may not sign it`,
    forged,
  ],
  [
    /^Expected version (\d+), got (\d+)$/,
    ([due, got], { subject }) =>
      `root ${got} of ${subject} is offered in place of ${due}: roll-back, or a root left out`,
    replayed,
  ],
  [
    /^New (timestamp|snapshot) version (\d+) is less than current version (\d+)$/,
    ([role, got, seen], { subject }) => `${role} ${got} of ${subject} is offered, ${seen} was seen before: roll-back`,
    replayed,
  ],
  [
    /^New version (\d+) of (.+)\.json is less than current version (\d+)$/,
    ([got, role, seen], { subject }) => `${role} ${got} of ${subject} is offered, ${seen} was seen before: roll-back`,
    replayed,
  ],
  [
    /^Missing file (.+)\.json in new snapshot$/,
    ([role], { file, subject }) => `${file} of ${subject} no longer names ${role}, which was seen before: roll-back`,
    replayed,
  ],
  [
    /^Missing (.+)\.json in snapshot$/,
    ([role], { subject }) => `the snapshot of ${subject} does not name ${role}: mix-and-match`,
    mixed,
  ],
  [
    /^Snapshot version doesn't match timestamp$/,
    (_, { file, subject }) => `${file} of ${subject} is not of the version that its timestamp names: mix-and-match`,
    mixed,
  ],
  [
    /^Version (\d+) of .+ does not match snapshot version (\d+)$/,
    ([got, due], { file, subject }) =>
      `${file} of ${subject} is of version ${got}, its snapshot names ${due}: mix-and-match`,
    mixed,
  ],
  [
    /^Expected (length|hash) (\w+) but got (\w+)$/,
    ([what, due, got], { file, subject }) =>
      `${file} of ${subject} has ${what} ${got}, what is signed says ${due}: mix-and-match, or altered`,
    mixed,
  ],
  [
    /^Hash algorithm .+ not supported$/,
    (_, { file, subject }) => `${file} of ${subject} is named by a hash of an unknown algorithm`,
  ],
  [/^expected '(\w+)', got .*$/s, ([type], { file, subject }) => `${file} of ${subject} is not of type ${type}`, mixed],
];

const wrapped = /^Unable to load (?:snapshot metadata|targets) error (\w+): (.*)$/s;
const expired = /^(?:Final )?(\S+)\.json is expired$/;

/** The verdict of tuf-js in plain words: `head-expired` or `head-refused`. */
export function refusal(cause: unknown, stopped: Stopped): DepotError {
  const { file, subject } = stopped;
  const { name, message } = spoken(cause);
  const role = expired.exec(message)?.[1];
  if (role !== undefined) return expiry(role, cause, stopped);
  if (name === 'SyntaxError') return new DepotError('head-refused', `${file} of ${subject} is not JSON`, { cause });
  for (const [said, say, hint] of refusals) {
    const found = said.exec(message);
    if (found === null) continue;
    return new DepotError(
      'head-refused',
      say(found.slice(1), stopped),
      hint === undefined ? { cause } : { cause, hint },
    );
  }
  const excerpt = message.replace(/[^\x20-\x7e]/g, '?').slice(0, 120);
  return new DepotError('head-refused', `${file} of ${subject} is not valid TUF metadata: ${excerpt}`, { cause });
}

/** Name and message of the innermost error, which tuf-js flattens into text on its way. */
function spoken(thrown: unknown): { readonly name: string; readonly message: string } {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) };
  const [, name = thrown.name, message = thrown.message] = wrapped.exec(thrown.message) ?? [];
  return { name, message };
}

function expiry(role: string, cause: unknown, { subject, expiredAtMs }: Stopped): DepotError {
  const atMs = expiredAtMs(role);
  const at = atMs === undefined ? 'has expired' : `expired at ${new Date(atMs).toISOString()}`;
  return new DepotError('head-expired', `${role} of ${subject} ${at}: what is held is kept, nothing newer is taken`, {
    cause,
    hint: 'see that the master depot runs and can be reached, and that the clock of this machine is right',
  });
}
