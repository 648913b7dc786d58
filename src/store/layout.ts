import { join } from 'node:path';
import { formatEncodingName, type EncodingName } from '../model/encoding.js';
import type { Sha256 } from '../model/sha256.js';

/** Every path below a data directory; DESIGN.md section 8. */
export interface Layout {
  readonly data: string;
  /** The catalogue, an SQLite file with its `-wal` and `-shm` beside it. */
  readonly database: string;
  readonly objects: string;
  readonly pages: string;
  readonly metadata: string;
  /** Private keys; nobody but the daemon's user may read them. */
  readonly keys: string;
  readonly trees: string;
  readonly staging: string;
  readonly differences: string;
  readonly encodings: string;
  readonly quarantine: string;
  readonly lockFile: string;
  /** Says who holds the lock, for people. */
  readonly daemonFile: string;
  readonly controlSocket: string;
  objectFile(sha256: Sha256): string;
  pageFile(sha256: Sha256): string;
  /** The folder of a repository's signed metadata, heads among it. */
  metadataOf(repository: string): string;
  headFile(repository: string, generation: number): string;
  /** The installation copy that clients read. */
  tree(repository: string): string;
  /** Where files wait for the switch: on the filesystem of the trees, outside of each of them, hidden from clients. */
  treeStaging(repository: string): string;
  stagingFile(sha256: Sha256): string;
  /** A file in the staging folder whose hash is not known yet. */
  scratchFile(name: string): string;
  encodingFile(name: EncodingName): string;
  /** As much of an encoding as came. */
  encodingPart(name: EncodingName): string;
  /** As much as came of an encoding of another object, on the way to this one. */
  stepPart(wanted: Sha256, name: EncodingName): string;
  /** The difference stream that leads from the manifest `from` to the manifest `root`. */
  differenceFile(root: Sha256, from: Sha256): string;
}

export function layoutOf(data: string): Layout {
  const below = (...names: string[]): string => join(data, ...names);
  const byHash = (folder: string, sha256: Sha256): string => below(folder, sha256.slice(0, 2), sha256);
  return {
    data,
    database: below('state.db'),
    objects: below('objects'),
    pages: below('pages'),
    metadata: below('metadata'),
    keys: below('keys'),
    trees: below('trees'),
    staging: below('staging'),
    differences: below('differences'),
    encodings: below('encodings'),
    quarantine: below('quarantine'),
    lockFile: below('daemon.lock'),
    daemonFile: below('daemon.json'),
    controlSocket: below('control.sock'),
    objectFile: (sha256) => byHash('objects', sha256),
    pageFile: (sha256) => byHash('pages', sha256),
    metadataOf: (repository) => below('metadata', repository),
    headFile: (repository, generation) => below('metadata', repository, `${generation}.targets.json`),
    tree: (repository) => below('trees', repository),
    // No repository's name begins with a dot.
    treeStaging: (repository) => below('trees', '.staging', repository),
    stagingFile: (sha256) => below('staging', `${sha256}.part`),
    scratchFile: (name) => below('staging', `${name}.tmp`),
    encodingFile: (name) => below('encodings', formatEncodingName(name)),
    encodingPart: (name) => below('staging', `${formatEncodingName(name)}.part`),
    // It begins with the object that is wanted: a collection keeps what a plan names.
    stepPart: (wanted, name) => below('staging', `${wanted}.by.${formatEncodingName(name)}.part`),
    differenceFile: (root, from) => below('differences', `${root}.from.${from}`),
  };
}
