import { Metadata, MetadataKind, type Root, type Targets } from '@tufjs/models';
import { DepotError } from '../model/errors.js';
import type { Role, TrustedFiles } from '../model/metadata.js';

/** The four top-level roles of a TUF repository, in the order in which they are verified. */
export const roles: readonly Role[] = ['root', 'timestamp', 'snapshot', 'targets'];

type Json = Parameters<typeof Metadata.fromJSON>[1];

const kinds = {
  root: MetadataKind.Root,
  timestamp: MetadataKind.Timestamp,
  snapshot: MetadataKind.Snapshot,
  targets: MetadataKind.Targets,
} as const;

/** @throws DepotError `head-refused` when the bytes are not root metadata. Signatures are not looked at. */
export function parseRoot(bytes: Uint8Array): Metadata<Root> {
  return parse('root', bytes, (json) => Metadata.fromJSON(MetadataKind.Root, json));
}

/** @throws DepotError `head-refused` when the bytes are not targets metadata. Signatures are not looked at. */
export function parseTargets(bytes: Uint8Array): Metadata<Targets> {
  return parse('targets', bytes, (json) => Metadata.fromJSON(MetadataKind.Targets, json));
}

/** The version of each role; undefined where the file is not there. */
export function versionsOf(files: TrustedFiles): { readonly root: number } & {
  readonly [role in Exclude<Role, 'root'>]: number | undefined;
} {
  const version = (role: Role): number | undefined => {
    const bytes = files[role];
    return bytes === undefined ? undefined : commonFields(role, bytes).version;
  };
  return {
    root: commonFields('root', files.root).version,
    timestamp: version('timestamp'),
    snapshot: version('snapshot'),
    targets: version('targets'),
  };
}

/**
 * What every role says of itself.
 * @throws DepotError `head-refused` when it is not of that role, or when its expiry is no date: it would never expire.
 */
export function commonFields(
  role: Role,
  bytes: Uint8Array,
): { readonly version: number; readonly expiresAtMs: number } {
  const { version, expires } = parse(role, bytes, (json) => {
    // One of the overloads; the fields read here are those of all.
    return Metadata.fromJSON(kinds[role] as MetadataKind.Root, json);
  }).signed;
  const expiresAtMs = Date.parse(expires);
  if (Number.isNaN(expiresAtMs)) {
    throw new DepotError('head-refused', `${role} metadata has an expiry that is no date: ${expires}`);
  }
  return { version, expiresAtMs };
}

function parse<T>(role: Role, bytes: Uint8Array, read: (json: Json) => T): T {
  try {
    return read(JSON.parse(Buffer.from(bytes).toString('utf8')) as Json);
  } catch (cause) {
    throw new DepotError('head-refused', `what should be ${role} metadata is not`, { cause });
  }
}
