import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { directoryName } from '../model/company.js';
import {
  isMetadataName,
  metadataName,
  readMetadataName,
  type MetadataName,
  type MetadataVersions,
  type Role,
  type TrustedFiles,
} from '../model/metadata.js';
import { damagedFile } from './damaged-file.js';
import { writeFileDurably } from './durable.js';
import type { Layout } from './layout.js';
import { isCode } from './system-error.js';

/** A whole set of verified metadata, and the roots that lead to it from the one held before. */
export interface SignedSet {
  readonly files: Required<TrustedFiles>;
  readonly newRoots: readonly { readonly version: number; readonly bytes: Uint8Array }[];
}

/** Of the set in force. */
export interface SignedFacts extends MetadataVersions {
  readonly targets: number;
  readonly expiresAtMs: Readonly<Record<Role, number>>;
}

/** What is read of files that were verified before they were kept. */
const versionShape = z.object({ signed: z.object({ version: z.number().int().min(1), expires: z.iso.datetime() }) });
const metaShape = z.object({
  signed: z.object({ meta: z.record(z.string(), z.object({ version: z.number().int().min(1) })) }),
});

/**
 * The signed metadata of repositories, as files that are served as they are: `metadata/<repository>/`. All roots stay; of
 * the rest the set that `timestamp.json` names is in force. Nothing is verified here.
 */
export class SignedFiles {
  /** Of repositories that were asked for; a poll must not read files. */
  private readonly known = new Map<string, SignedFacts | undefined>();

  constructor(private readonly layout: Layout) {}

  /** The bytes of one file; undefined where it is not here. */
  read(repository: string, name: MetadataName): Uint8Array | undefined {
    try {
      return readFileSync(join(this.layout.metadataOf(repository), name));
    } catch (error) {
      if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  /**
   * The set in force; only the root where the rest is not whole; undefined where nothing is trusted yet.
   * @throws DepotError `data-unusable` where a file is damaged
   */
  held(repository: string): TrustedFiles | undefined {
    const roots = this.rootVersions(repository);
    const root = this.read(repository, metadataName('root', roots.at(-1)));
    if (root === undefined) return undefined;
    const timestamp = this.read(repository, metadataName('timestamp'));
    if (timestamp === undefined) return { root };
    const named = (file: MetadataName, bytes: Uint8Array, role: 'snapshot' | 'targets'): MetadataName =>
      this.whole(repository, file, () => metadataName(role, versionNamed(bytes, `${role}.json`)));
    const snapshotFile = named(metadataName('timestamp'), timestamp, 'snapshot');
    const snapshot = this.read(repository, snapshotFile);
    if (snapshot === undefined) return { root };
    const targets = this.read(repository, named(snapshotFile, snapshot, 'targets'));
    return targets === undefined ? { root } : { root, timestamp, snapshot, targets };
  }

  /** Undefined before there is a whole set. */
  facts(repository: string): SignedFacts | undefined {
    if (!this.known.has(repository)) this.known.set(repository, this.factsOf(repository, this.held(repository)));
    return this.known.get(repository);
  }

  /** What a `state` says of it. */
  versions(repository: string): MetadataVersions | null {
    const facts = this.facts(repository);
    return facts === undefined ? null : { root: facts.root, timestamp: facts.timestamp };
  }

  /** The roots that are here, the oldest first. */
  rootVersions(repository: string): number[] {
    return this.names(repository)
      .map(readMetadataName)
      .flatMap(({ role, version }) => (role === 'root' && version !== undefined ? [version] : []))
      .sort((a, b) => a - b);
  }

  /** The root that is trusted first. */
  async pin(repository: string, version: number, root: Uint8Array): Promise<void> {
    await this.write(repository, metadataName('root', version), root);
  }

  /**
   * Switches to a set. The timestamp comes last: a crash before that leaves the set that was in force. The snapshot before
   * stays too, for children that have read its timestamp a moment ago.
   */
  async keep(repository: string, { files, newRoots }: SignedSet): Promise<void> {
    const snapshot = versionNamed(files.timestamp, 'snapshot.json');
    const targets = versionNamed(files.snapshot, 'targets.json');
    for (const { version, bytes } of newRoots) await this.write(repository, metadataName('root', version), bytes);
    await this.write(repository, metadataName('targets', targets), files.targets);
    await this.write(repository, metadataName('snapshot', snapshot), files.snapshot);
    await this.write(repository, metadataName('timestamp'), files.timestamp);
    this.known.delete(repository);
    for (const name of this.names(repository)) {
      const { role, version = 0 } = readMetadataName(name);
      if (role === 'snapshot' && version < snapshot - 1) rmSync(join(this.layout.metadataOf(repository), name));
    }
  }

  /** Nothing of the repository is trusted any more. */
  forget(repository: string): void {
    for (const name of this.names(repository)) rmSync(join(this.layout.metadataOf(repository), name), { force: true });
    this.known.delete(repository);
  }

  private names(repository: string): MetadataName[] {
    try {
      return readdirSync(this.layout.metadataOf(repository)).filter(isMetadataName);
    } catch (error) {
      if (isCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  private async write(repository: string, name: MetadataName, bytes: Uint8Array): Promise<void> {
    const held = this.read(repository, name);
    if (held !== undefined && Buffer.from(bytes).equals(held)) return;
    await writeFileDurably(join(this.layout.metadataOf(repository), name), bytes);
  }

  private factsOf(repository: string, held: TrustedFiles | undefined): SignedFacts | undefined {
    if (held?.timestamp === undefined || held.snapshot === undefined || held.targets === undefined) return undefined;
    const read = (file: MetadataName, bytes: Uint8Array): z.infer<typeof versionShape>['signed'] =>
      this.whole(repository, file, () => versionShape.parse(json(bytes)).signed);
    const root = read(metadataName('root', this.rootVersions(repository).at(-1)), held.root);
    const timestamp = read(metadataName('timestamp'), held.timestamp);
    const snapshotVersion = versionNamed(held.timestamp, 'snapshot.json');
    const snapshot = read(metadataName('snapshot', snapshotVersion), held.snapshot);
    const targets = read(metadataName('targets', versionNamed(held.snapshot, 'targets.json')), held.targets);
    return {
      root: root.version,
      timestamp: timestamp.version,
      targets: targets.version,
      expiresAtMs: {
        root: Date.parse(root.expires),
        timestamp: Date.parse(timestamp.expires),
        snapshot: Date.parse(snapshot.expires),
        targets: Date.parse(targets.expires),
      },
    };
  }

  /** They were verified before they were kept. @throws DepotError `data-unusable`, naming the file that is damaged */
  private whole<T>(repository: string, file: MetadataName, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      const path = join(this.layout.metadataOf(repository), file);
      throw damagedFile(path, statSync(path, { throwIfNoEntry: false })?.size ?? 0, comesBack(repository, file), cause);
    }
  }
}

/** How a damaged file comes back. */
function comesBack(repository: string, file: MetadataName): string {
  const ofCompany = repository === directoryName;
  const own = ofCompany
    ? "at the depot that holds the company's directory, the origin"
    : 'at the depot where the repository is published';
  if (readMetadataName(file).role !== 'root') {
    return `${own}: restore the folder from a backup; at any other one: remove the file, and the next poll brings it again`;
  }
  const elsewhere = ofCompany
    ? 'restore it from a backup, or join again: depot join --force'
    : 'remove the folder, and the next poll brings it again';
  return `${own}: copy it from keys/${repository}/; at any other one: ${elsewhere}`;
}

/** The version of the file that a timestamp or a snapshot names. */
function versionNamed(bytes: Uint8Array, name: string): number {
  return metaShape.parse(json(bytes)).signed.meta[name]?.version ?? 0;
}

function json(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}
