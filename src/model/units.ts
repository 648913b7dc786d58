import picomatch from 'picomatch';
import type { PackageRecord, Revision } from './package.js';
import { recordName } from './package.js';
import type { Priority } from './priority.js';
import { distributedRevisions, heldRevisions, urgentRevisions, type Place } from './revisions.js';
import type { Demand, Selection } from './selection.js';
import type { Sha256 } from './sha256.js';
import { isTargeted } from './targets.js';

/** A package revision as what is whole at a depot or not, and fails alone. */
export interface Unit {
  readonly package: string;
  readonly revision: number;
  /** What tells it from another one that has its number. */
  readonly manifest: Sha256;
  readonly files: number;
  readonly bytes: number;
  readonly compress: boolean;
  readonly delta: boolean;
  readonly priority: Priority;
}

/** `vlc/3`: the folder of its files in the manifest, and its name in messages. */
export function unitName({ package: name, revision }: Pick<Unit, 'package' | 'revision'>): string {
  return `${name}/${revision}`;
}

/** The units that a demand asks for, those of one package in the order of their numbers. */
export function wantedUnits(records: readonly PackageRecord[], demand: Demand): Unit[] {
  const wishes = demand.map(wishOf);
  return records.flatMap((record) => {
    const revisions = new Map<number, Revision>();
    for (const wish of wishes) for (const revision of wish(record)) revisions.set(revision.revision, revision);
    return [...revisions.values()].sort((a, b) => a.revision - b.revision).map((revision) => unitOf(record, revision));
  });
}

/** The names of the units that urgent releases need at one of these places. */
export function urgentUnits(
  records: readonly PackageRecord[],
  places: readonly Place[],
  nowMs: number,
): ReadonlySet<string> {
  const names = records.flatMap((record) =>
    [...urgentRevisions(record, places, nowMs)].map((revision) => unitName({ package: record.name, revision })),
  );
  return new Set(names);
}

/** The paths of a manifest that a demand asks for: the files of its units, and the records of all packages. */
export function unitPaths(units: readonly Unit[]): (path: string) => boolean {
  const names = new Set(units.map(unitName));
  return (path) => {
    const [name = '', inside = ''] = path.split('/', 2);
    return inside === recordName || names.has(`${name}/${inside}`);
  };
}

/** Whether a selection asks for a package at all. */
export function follows(selection: Selection): (record: PackageRecord) => boolean {
  const { site } = selection;
  const isNamed = namesPackage(selection);
  if (site === undefined) return ({ name }) => isNamed(name);
  return ({ name, targets }) => isTargeted(targets, site) && isNamed(name);
}

export function unitOf(
  { name, compress, delta, priority }: PackageRecord,
  { revision, manifest, files, bytes }: Revision,
): Unit {
  return { package: name, revision, manifest: manifest.sha256, files, bytes, compress, delta, priority };
}

/** Without a site it is what a master depot holds: all of it. */
function wishOf(selection: Selection): (record: PackageRecord) => Revision[] {
  const isFollowed = follows(selection);
  const revisions = selection.site === undefined ? heldRevisions : distributedRevisions;
  return (record) => (isFollowed(record) ? revisions(record) : []);
}

/** A package is followed whole or not; patterns may name its folder, or what is in it. */
function namesPackage({ include, exclude }: Selection): (name: string) => boolean {
  const options = { dot: true } as const;
  const matcher = (globs: readonly string[], without: boolean): ((name: string) => boolean) => {
    if (globs.length === 0) return () => without;
    const matches = picomatch([...globs], options);
    return (name) => matches(name) || matches(`${name}/${recordName}`);
  };
  const included = matcher(include, true);
  const excluded = matcher(exclude, false);
  return (name) => included(name) && !excluded(name);
}
