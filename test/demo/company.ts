import { join } from 'node:path';
import type { DepotSettings, Depots } from '../harness/cluster.js';

/** A depot of the demo's company, with its place in the picture. */
export interface Place {
  readonly name: string;
  readonly level: 'origin' | 'region' | 'branch';
  readonly site: string;
  /** Name of the depot above; undefined for the origin. */
  readonly parent: string | undefined;
  /** Draws the lines to its parent. */
  readonly lead: string;
}

/** Each after its parent. */
export const places: readonly Place[] = [
  { name: 'origin', level: 'origin', site: 'enterprise', parent: undefined, lead: '' },
  { name: 'france', level: 'region', site: 'enterprise/france', parent: 'origin', lead: '├─ ' },
  { name: 'lyon', level: 'branch', site: 'enterprise/france/lyon', parent: 'france', lead: '│  ├─ ' },
  { name: 'paris', level: 'branch', site: 'enterprise/france/paris', parent: 'france', lead: '│  └─ ' },
  { name: 'germany', level: 'region', site: 'enterprise/germany', parent: 'origin', lead: '└─ ' },
  { name: 'berlin', level: 'branch', site: 'enterprise/germany/berlin', parent: 'germany', lead: '   ├─ ' },
  { name: 'munich', level: 'branch', site: 'enterprise/germany/munich', parent: 'germany', lead: '   └─ ' },
];

/** A mirror, published at the origin: what the table shows. */
export const repository = 'tools';

/** Packages with revisions, published at the origin. */
export const packageRepository = 'apps';

/** The folder of the work copies, in that of the company. */
export function work(folder: string): string {
  return join(folder, 'origin', 'work');
}

/** How often depots poll their parents. */
export interface Pace {
  readonly everySeconds: number;
  /** Per cent of the interval by which a branch polls earlier or later, by chance. */
  readonly branchJitter: number;
}

/** What a person can follow. */
export const walkingPace: Pace = { everySeconds: 5, branchJitter: 40 };

/** As fast as the configuration lets depots poll. */
export const quickPace: Pace = { everySeconds: 1, branchJitter: 20 };

/** The settings of all depots; `source` is the folder that the origin publishes, `workFolder` has the work copies of its packages. */
export function company({ everySeconds, branchJitter }: Pace, source: string, workFolder: string): Depots {
  return Object.fromEntries(
    places.map(({ name, level, site, parent }): [string, DepotSettings] => {
      if (parent === undefined) {
        const published = { kind: 'mirror', context: site, source, settle: '2s' };
        const packages = { kind: 'packages', context: site, work: workFolder };
        return [name, { site, repositories: { [repository]: published, [packageRepository]: packages } }];
      }
      const jitter = level === 'branch' ? `${branchJitter}%` : '5%';
      const poll = { every: `${everySeconds}s`, jitter, 'at-start': false };
      return [name, { site, parent, poll }];
    }),
  );
}
