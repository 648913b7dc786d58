import type { PackageResult, PrepareResult } from '../../src/model/package-status.js';
import type { PackageFactsInput } from '../../src/serve/packages-api.js';
import type { Depot } from '../harness/depot.js';
import { join } from 'node:path';
import { temporaryCluster, type WhenDone } from '../harness/temporary.js';
import { control, sites } from './chain.js';

/** What people command for the packages of a repository at its master depot, without a process for each command. */
export function deskOf(depot: Depot, repository: string) {
  const { packages } = control(depot);
  const quietly = { signal: new AbortController().signal, onEvent: async () => undefined };
  const facts = { type: null, title: null, vendor: null, version: null, keep: null, priority: null };
  const desk = {
    create: (name: string, type = 'app') => packages.create({ repository, name }, { ...facts, type }),
    edit: (name: string, said: Partial<PackageFactsInput>) =>
      packages.edit({ repository, name }, { ...facts, ...said }),
    prepare: async (name: string): Promise<PrepareResult> => {
      const result = await packages.prepare(
        { repository, name },
        { ...quietly, note: null, version: null, dryRun: false },
      );
      if (result.revision === null) throw new Error(`not prepared: ${JSON.stringify(result.problems)}`);
      return result;
    },
    distribute: (name: string, to: readonly string[] = [], except: readonly string[] = []) =>
      packages.distribute({ repository, name }, to, except),
    release: (name: string, order: { revision?: number; ring?: string; at?: string; urgent?: boolean } = {}) =>
      packages.release({ repository, name }, { revision: null, ring: null, at: null, urgent: false, ...order }),
    publish: async (name: string, ...to: string[]): Promise<PackageResult> => {
      await desk.prepare(name);
      await desk.distribute(name, to);
      return desk.release(name);
    },
    cancel: (name: string) => packages.cancelRelease({ repository, name }),
    revoke: (name: string) => packages.revoke({ repository, name }),
    remove: (name: string) => packages.remove({ repository, name }),
    readiness: async (name: string) => (await packages.readiness({ repository, name })).depots,
  };
  return desk;
}

export type Desk = ReturnType<typeof deskOf>;

/** A region below the master depot of `apps`, over plain HTTP, and where the work copies are. */
export async function startPackages(
  whenDone: WhenDone,
  settings: { readonly apps?: object; readonly region?: object } = {},
): Promise<{ origin: Depot; region: Depot; desk: Desk; work: string; folder: string }> {
  const workOf = (folder: string): string => join(folder, 'work');
  const cluster = await temporaryCluster(
    (folder) => ({
      origin: {
        site: sites.origin,
        repositories: { apps: { kind: 'packages', context: sites.origin, work: workOf(folder), ...settings.apps } },
      },
      region: { site: sites.region, parent: 'origin', ...settings.region },
    }),
    whenDone,
    'http',
  );
  const [origin, region] = [cluster.depot('origin'), cluster.depot('region')];
  const { folder } = cluster;
  return { origin, region, desk: deskOf(origin, 'apps'), work: workOf(folder), folder };
}
