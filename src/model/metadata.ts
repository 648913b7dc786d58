/** The four roles of The Update Framework, as far as a repository's signed metadata has files of them. */
export type Role = 'root' | 'timestamp' | 'snapshot' | 'targets';

/** The name of a metadata file: `timestamp.json`, or `N.root.json`, `N.snapshot.json`, `N.targets.json`. */
export type MetadataName = string & { readonly metadataName: unique symbol };

const form = /^(?:timestamp|[1-9][0-9]{0,14}\.(?:root|snapshot|targets))\.json$/;

export function isMetadataName(text: string): text is MetadataName {
  return form.test(text);
}

/** @param version undefined for the timestamp, which has none in its name */
export function metadataName(role: Role, version?: number): MetadataName {
  return (role === 'timestamp' ? 'timestamp.json' : `${version ?? 0}.${role}.json`) as MetadataName;
}

/** Role and version that a name stands for; the timestamp's name has no version. */
export function readMetadataName(name: MetadataName): { readonly role: Role; readonly version: number | undefined } {
  const [first = '', second = ''] = name.split('.');
  return first === 'timestamp'
    ? { role: 'timestamp', version: undefined }
    : { role: second as Role, version: Number(first) };
}

/** The newest verified file of each role; those below the root are missing before the first refresh. */
export interface TrustedFiles {
  readonly root: Uint8Array;
  readonly timestamp?: Uint8Array;
  readonly snapshot?: Uint8Array;
  readonly targets?: Uint8Array;
}

/** Which metadata is newest: what a `state` tells, so that a child knows whether there is anything to ask for. */
export interface MetadataVersions {
  readonly root: number;
  readonly timestamp: number;
}
