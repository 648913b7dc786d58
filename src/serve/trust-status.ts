import { iso } from '../model/moment.js';
import { directoryName } from '../model/company.js';
import { metadataName, type Role } from '../model/metadata.js';
import { isWithin } from '../model/names.js';
import { sha256 } from '../model/sha256.js';
import type { DirectoryStatus, TrustStatus } from '../model/status.js';
import type { StatusError } from '../model/status-error.js';
import type { Store } from '../store/store.js';
import type { Lifetimes } from '../trust/sign.js';
import type { LiveFacts } from './status-facts.js';

const dayMs = 24 * 3600 * 1000;

/** A root whose key is not here unprotected is signed by a person, who needs time for it. */
const rootNoticeMs = 60 * dayMs;

interface Facts {
  readonly site: string;
  readonly lifetimes: Lifetimes;
}

/** @param isOwn whether it is published here, and so signed by this depot's own keys */
export function trustOf(store: Store, { site }: Facts, repository: string, isOwn: boolean): TrustStatus {
  return {
    rootKey: isOwn ? store.keys.rootKeyPlace(repository) : null,
    authenticated: isOwn || isVouchedFor(store, site, repository),
    expires: firstToExpire(store, repository),
  };
}

/** The root that is trusted is the one that the company's directory names. */
function isVouchedFor(store: Store, site: string, repository: string): boolean {
  const enrolled = store.company.get(site)?.repositories;
  const named = enrolled?.find(({ name, context }) => name === repository && isWithin(site, context));
  if (named === undefined) return false;
  const pinned = store.signed.read(repository, metadataName('root', 1));
  return pinned === undefined || sha256(pinned) === named.root;
}

/** The directory as this depot has it; its keys are here where this depot holds it. */
export function directoryStatus(
  store: Store,
  facts: Facts,
  live: Pick<LiveFacts, 'directoryWaits' | 'sitesLeft' | 'line'> | null,
  nowMs: number,
): DirectoryStatus | null {
  if (store.signed.facts(directoryName) === undefined) return null;
  const rootKey = store.keys.rootKeyPlace(directoryName);
  const error =
    rootKey === null
      ? expiryOf(store, "the company's directory", directoryName, nowMs, () => 0)
      : expiryOfOwn(store, facts, directoryName, nowMs);
  const trust = { rootKey, authenticated: true, expires: firstToExpire(store, directoryName) };
  const waitsForWindow = live?.directoryWaits === true && live.line.rate === 'closed';
  return { trust, waitsForWindow, error: error ?? sitesError(live?.sitesLeft ?? null, nowMs) };
}

function sitesError(message: string | null, nowMs: number): StatusError | null {
  if (message === null) return null;
  return {
    code: 'config-invalid',
    message,
    hint: 'depot reload takes the file over; depot config check says the same',
    at: iso(nowMs),
  };
}

/**
 * Metadata that this depot signs, and that is not signed again in time: less than a third of its life is left, or of a
 * root less than 60 days.
 */
export function expiryOfOwn(store: Store, { lifetimes }: Facts, repository: string, nowMs: number): StatusError | null {
  const lives: Record<Role, number> = {
    root: Math.min(lifetimes.rootMs, 3 * rootNoticeMs),
    timestamp: lifetimes.timestampMs,
    snapshot: lifetimes.targetsMs,
    targets: lifetimes.targetsMs,
  };
  return expiryOf(store, repository, repository, nowMs, (role) => lives[role] / 3);
}

function expiryOf(
  store: Store,
  subject: string,
  repository: string,
  nowMs: number,
  noticeMs: (role: Role) => number,
): StatusError | null {
  const ends = endsOf(store, repository);
  const due = ends.find(({ role, atMs }) => atMs - nowMs < noticeMs(role));
  if (due === undefined) return null;
  const { role, atMs } = due;
  const days = Math.floor(Math.abs(atMs - nowMs) / dayMs);
  const span = days === 1 ? 'a day' : `${days} days`;
  const when = atMs > nowMs ? `expires in ${span}` : `expired ${span} ago`;
  return {
    code: 'head-expired',
    message: `the ${role} metadata of ${subject} ${when}, at ${iso(atMs)}`,
    hint: hintFor(store, repository, role),
    at: iso(nowMs),
  };
}

function hintFor(store: Store, repository: string, role: Role): string {
  const place = store.keys.rootKeyPlace(repository);
  if (place === null) return 'does the depot that holds it run, and is the clock of this machine right?';
  if (role === 'root') return `depot keys rotate ${repository}${place === 'elsewhere' ? ' --root-key FILE' : ''}`;
  const command = repository === directoryName ? 'restart the daemon' : `depot publish ${repository} --wait`;
  return `it is signed again by itself while the daemon runs; to see what hinders it: ${command}`;
}

function firstToExpire(store: Store, repository: string): TrustStatus['expires'] {
  const [first] = endsOf(store, repository);
  return first === undefined ? null : { role: first.role, at: iso(first.atMs) };
}

/** The first to expire first. */
function endsOf(store: Store, repository: string): { readonly role: Role; readonly atMs: number }[] {
  const ends = Object.entries(store.signed.facts(repository)?.expiresAtMs ?? {}) as [Role, number][];
  return ends.map(([role, atMs]) => ({ role, atMs })).sort((a, b) => a.atMs - b.atMs);
}
