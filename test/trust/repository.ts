import { Metadata, type MetadataKind, Signature } from '@tufjs/models';
import { DepotError } from '../../src/model/errors.js';
import { sha256 } from '../../src/model/sha256.js';
import type { TrustedFiles } from '../../src/model/metadata.js';
import { refreshMetadata, type RefreshOptions, type Refreshed } from '../../src/trust/refresh.js';
import {
  signFirstRoot,
  signNextRoot,
  signSnapshot,
  signTargets,
  signTimestamp,
  type Lifetimes,
  type RoleKeys,
  type RootChange,
} from '../../src/trust/sign.js';
import { makeSigningKey, type SigningKey } from '../../src/trust/signing-keys.js';
import type { TufSource } from '../../src/trust/source.js';
import { downloadTarget } from '../../src/trust/targets.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { temporaryFolder } from '../harness/temporary.js';

export const dayMs = 24 * 60 * 60 * 1000;

export function newKeys(): RoleKeys {
  const key = (): SigningKey => makeSigningKey().key;
  return { root: [key()], targets: key(), snapshot: key(), timestamp: key() };
}

/** A TUF repository in memory, signed by what ships. What is served can be altered: `files` and `contents` by name. */
export class Repository {
  readonly files = new Map<string, Uint8Array>();
  readonly contents = new Map<string, Uint8Array>();
  readonly asked: string[] = [];
  readonly versions = { root: 1, targets: 0, snapshot: 0, timestamp: 0 };
  lifetimes: Lifetimes = usualLifetimes;
  nowMs = Date.now();

  constructor(public keys: RoleKeys = newKeys()) {
    this.files.set('1.root.json', signFirstRoot(keys, this.lifetimes, this.nowMs));
    this.publish();
  }

  /** Signs a new version of everything but the root. */
  publish(targets: Readonly<Record<string, string>> = { manifest: `root page ${this.versions.targets + 1}` }): void {
    this.versions.targets += 1;
    const named = Object.entries(targets).map(([path, text]) => {
      const content = Buffer.from(text);
      const hash = sha256(content);
      this.contents.set(path.replace(/([^/]*)$/, `${hash}.$1`), content);
      return [path, { length: content.length, sha256: hash, custom: { generation: this.versions.targets } }] as const;
    });
    const input = { version: this.versions.targets, targets: Object.fromEntries(named) };
    this.put('targets', signTargets(input, this.keys.targets, this.lifetimes, this.nowMs));
    this.publishSnapshot();
  }

  publishSnapshot(): void {
    this.versions.snapshot += 1;
    const targets = { version: this.versions.targets, bytes: this.newest('targets') };
    this.put('snapshot', signSnapshot(this.versions.snapshot, targets, this.keys.snapshot, this.lifetimes, this.nowMs));
    this.publishTimestamp();
  }

  publishTimestamp(): void {
    this.versions.timestamp += 1;
    const { lifetimes, nowMs, versions } = this;
    const snapshot = { version: versions.snapshot, bytes: this.newest('snapshot') };
    this.put('timestamp', signTimestamp(versions.timestamp, snapshot, this.keys.timestamp, lifetimes, nowMs));
  }

  changeRoot(change: RootChange): void {
    const next = signNextRoot(this.newest('root'), change, this.lifetimes, this.nowMs);
    this.versions.root += 1;
    this.keys = change.keys;
    this.put('root', next);
  }

  newest(role: keyof Repository['versions']): Uint8Array {
    const bytes = this.files.get(this.nameOf(role));
    if (bytes === undefined) throw new Error(`no ${this.nameOf(role)}`);
    return bytes;
  }

  put(role: keyof Repository['versions'], bytes: Uint8Array): void {
    this.files.set(this.nameOf(role), bytes);
  }

  /** What a depot that joins begins with. */
  get first(): TrustedFiles {
    const root = this.files.get('1.root.json');
    if (root === undefined) throw new Error('no first root');
    return { root };
  }

  get source(): TufSource {
    return {
      metadata: async (name) => {
        this.asked.push(name);
        return this.files.get(name);
      },
      target: async (path) => {
        this.asked.push(path);
        return this.contents.get(path);
      },
    };
  }

  private nameOf(role: keyof Repository['versions']): string {
    return role === 'timestamp' ? 'timestamp.json' : `${this.versions[role]}.${role}.json`;
  }
}

export async function refresh(
  held: TrustedFiles,
  source: TufSource,
  options: Partial<RefreshOptions> = {},
): Promise<Refreshed> {
  return refreshMetadata(held, source, { scratch: await temporaryFolder(), subject: 'tools at parent', ...options });
}

export interface Reading {
  readonly repository: Repository;
  /** Brings a target of the state that was newest when the reading began. */
  read(path: string, cached?: Uint8Array): Promise<Uint8Array>;
}

export async function reading(repository: Repository): Promise<Reading> {
  const { files } = await refresh(repository.first, repository.source);
  const options = { scratch: await temporaryFolder(), subject: 'the directory' };
  repository.asked.length = 0;
  return { repository, read: (path, cached) => downloadTarget(files, path, repository.source, { ...options, cached }) };
}

/** The DepotError that the work ends in. */
export async function refused(work: Promise<unknown>): Promise<DepotError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof DepotError) return error;
    throw error;
  }
  throw new Error('accepted');
}

interface Signed {
  _type: string;
  [field: string]: unknown;
}

/** The same file with another content, signed by these keys: what somebody does who has them. */
export function altered(bytes: Uint8Array, keys: readonly SigningKey[], alter: (signed: Signed) => void): Uint8Array {
  const { signed } = JSON.parse(Buffer.from(bytes).toString()) as { signed: Signed };
  alter(signed);
  const json = { signed, signatures: [] } as unknown as Parameters<typeof Metadata.fromJSON>[1];
  const metadata = Metadata.fromJSON(signed._type as MetadataKind.Targets, json);
  for (const key of keys) metadata.sign((data) => new Signature({ keyID: key.id, sig: key.sign(data) }));
  return Buffer.from(JSON.stringify(metadata.toJSON()));
}

/** The same file with another content and the signatures of before: what somebody does who has no keys. */
export function tampered(bytes: Uint8Array, alter: (signed: Signed) => void): Uint8Array {
  const file = JSON.parse(Buffer.from(bytes).toString()) as { signed: Signed };
  alter(file.signed);
  return Buffer.from(JSON.stringify(file));
}
