import {
  Metadata,
  MetadataKind,
  Signature,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';
import { DepotError } from '../model/errors.js';
import { sha256 } from '../model/sha256.js';
import { parseRoot } from './metadata.js';
import { tufKey, type PublicKey, type SigningKey } from './signing-keys.js';

/** Who signs for each role. A root can have several keys; the others are online and have one. */
export interface RoleKeys {
  readonly root: readonly SigningKey[];
  readonly targets: SigningKey;
  readonly snapshot: SigningKey;
  readonly timestamp: SigningKey;
}

/** How long what is signed is valid (README section 1.4); a snapshot lives as long as the targets that it names. */
export interface Lifetimes {
  readonly rootMs: number;
  readonly targetsMs: number;
  readonly timestampMs: number;
}

/** A signed file that another one names, with the version in it. */
export interface SignedFile {
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** What `targets` says of one target; `custom` is for whoever reads it. */
export interface NamedTarget {
  readonly length: number;
  readonly sha256: string;
  readonly custom?: Readonly<Record<string, unknown>>;
}

/** `1.root.json`: consistent snapshots, one signature enough for each role. */
export function signFirstRoot(keys: RoleKeys, lifetimes: Lifetimes, nowMs: number): Uint8Array {
  return fileOf(signRoot({ version: 1, keys, rootKeys: keys.root, threshold: 1 }, keys.root, lifetimes, nowMs));
}

export interface RootChange {
  readonly keys: RoleKeys;
  /** Root keys that are named too, and cannot sign here. */
  readonly otherRootKeys?: readonly PublicKey[];
  /** How many of the new root keys must sign from now on; by default as many as before. */
  readonly threshold?: number;
  /** Root keys that go, and whose signatures the threshold of the current root still needs. */
  readonly alsoSignedBy?: readonly SigningKey[];
}

/**
 * The root that follows the current one.
 * @throws DepotError `bad-request` when the signatures do not reach the threshold of the current root and that of the new
 * one: no child could follow.
 */
export function signNextRoot(current: Uint8Array, change: RootChange, lifetimes: Lifetimes, nowMs: number): Uint8Array {
  const before = parseRoot(current);
  const version = before.signed.version + 1;
  const threshold = change.threshold ?? before.signed.roles['root']?.threshold ?? 1;
  const signers = [...change.keys.root, ...(change.alsoSignedBy ?? [])];
  const rootKeys = [...change.keys.root, ...(change.otherRootKeys ?? [])];
  const next = signRoot({ version, keys: change.keys, rootKeys, threshold }, signers, lifetimes, nowMs);
  try {
    before.verifyDelegate('root', next);
    next.verifyDelegate('root', next);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DepotError('bad-request', `root ${version} cannot be signed: ${why}`, {
      cause,
      hint: 'bring enough of the keys that the root before it names, and of those that it names itself',
    });
  }
  return fileOf(next);
}

/** `<version>.targets.json`. */
export function signTargets(
  input: { readonly version: number; readonly targets: Readonly<Record<string, NamedTarget>> },
  key: SigningKey,
  lifetimes: Lifetimes,
  nowMs: number,
): Uint8Array {
  const targets = Object.fromEntries(
    Object.entries(input.targets).map(([path, { length, sha256: hash, custom }]) => [
      path,
      { length, hashes: { sha256: hash }, ...(custom === undefined ? {} : { custom }) },
    ]),
  );
  const signed = { ...common('targets', input.version, nowMs + lifetimes.targetsMs), targets };
  return fileOf(signedBy([key], Metadata.fromJSON(MetadataKind.Targets, unsigned(signed))));
}

/** `<version>.snapshot.json`, which names the targets file by version, length and hash. */
export function signSnapshot(
  version: number,
  targets: SignedFile,
  key: SigningKey,
  lifetimes: Lifetimes,
  nowMs: number,
): Uint8Array {
  const meta = { 'targets.json': reference(targets) };
  const signed = { ...common('snapshot', version, nowMs + lifetimes.targetsMs), meta };
  return fileOf(signedBy([key], Metadata.fromJSON(MetadataKind.Snapshot, unsigned(signed))));
}

/** `timestamp.json`, which names the snapshot file by version, length and hash. */
export function signTimestamp(
  version: number,
  snapshot: SignedFile,
  key: SigningKey,
  lifetimes: Lifetimes,
  nowMs: number,
): Uint8Array {
  const meta = { 'snapshot.json': reference(snapshot) };
  const signed = { ...common('timestamp', version, nowMs + lifetimes.timestampMs), meta };
  return fileOf(signedBy([key], Metadata.fromJSON(MetadataKind.Timestamp, unsigned(signed))));
}

interface RootContents {
  readonly version: number;
  readonly keys: RoleKeys;
  /** All that are named for the role `root`. */
  readonly rootKeys: readonly PublicKey[];
  readonly threshold: number;
}

export function signRoot(
  { version, keys, rootKeys, threshold }: RootContents,
  signers: readonly SigningKey[],
  lifetimes: Lifetimes,
  nowMs: number,
): Metadata<Root> {
  const all = [...rootKeys, keys.targets, keys.snapshot, keys.timestamp];
  const role = (those: readonly PublicKey[], needed: number) => ({
    keyids: [...new Set(those.map((key) => key.id))],
    threshold: needed,
  });
  const signed = {
    ...common('root', version, nowMs + lifetimes.rootMs),
    consistent_snapshot: true,
    keys: Object.fromEntries(all.map((key) => [key.id, tufKey(key.public)])),
    roles: {
      root: role(rootKeys, threshold),
      targets: role([keys.targets], 1),
      snapshot: role([keys.snapshot], 1),
      timestamp: role([keys.timestamp], 1),
    },
  };
  return signedBy(signers, Metadata.fromJSON(MetadataKind.Root, unsigned(signed)));
}

type Json = Parameters<typeof Metadata.fromJSON>[1];

function common(type: string, version: number, expiresAtMs: number) {
  // The form of the specification (4.2.1) has whole seconds.
  const expires = `${new Date(expiresAtMs).toISOString().slice(0, 19)}Z`;
  return { _type: type, spec_version: '1.0.31', version, expires };
}

function reference({ version, bytes }: SignedFile) {
  return { version, length: bytes.length, hashes: { sha256: sha256(bytes) } };
}

function unsigned(signed: object): Json {
  return { signed, signatures: [] } as unknown as Json;
}

function signedBy<T extends Root | Targets | Snapshot | Timestamp>(
  keys: readonly SigningKey[],
  metadata: Metadata<T>,
): Metadata<T> {
  for (const key of keys) metadata.sign((bytes) => new Signature({ keyID: key.id, sig: key.sign(bytes) }));
  return metadata;
}

export function fileOf(metadata: Metadata<Root | Targets | Snapshot | Timestamp>): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(metadata.toJSON(), undefined, 1)}\n`);
}
