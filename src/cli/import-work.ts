import { lstatSync } from 'node:fs';
import { DepotError } from '../model/errors.js';
import type { Targets } from '../model/package.js';
import type { PackageStatus } from '../model/package-status.js';
import type { PackagesApi } from '../serve/packages-api.js';
import type { ImportOrder } from './import-steps.js';
import { asText } from './package-name.js';
import type { Request } from './request.js';
import { watch } from './watching.js';

/** The package that is imported into, before it is. */
export interface WorkCopy {
  /** Whether the package is there already. */
  readonly exists: boolean;
  /** Of the work copy; empty where the package is not there yet. */
  readonly path: string;
  readonly state: 'missing' | 'empty' | 'frozen' | 'changed';
  readonly targets: Targets | null;
  /** The number that the next revision gets, as far as is known now. */
  readonly next: number;
}

/** @throws DepotError `package-refused` where there is no such package, and nothing says that it is to be created */
export async function workCopyOf(request: Request, packages: PackagesApi, order: ImportOrder): Promise<WorkCopy> {
  const { repository, name, type } = order;
  const found = (await packages.list(repository)).find((each) => each.name === name);
  if (found !== undefined) return existing(request, packages, found);
  if (type !== null) return { exists: false, path: '', state: 'missing', targets: null, next: 1 };
  throw new DepotError('package-refused', `there is no package ${name} in ${repository} (rule: unknown-package)`, {
    hint: `--type TYPE creates ${asText(order)}`,
    rule: 'unknown-package',
    retry: 'never',
  });
}

async function existing(request: Request, packages: PackagesApi, status: PackageStatus): Promise<WorkCopy> {
  const { repository, name, work: path, targets, revisions } = status;
  if (path === null) {
    throw new DepotError('not-found', `${repository} is not published here`, {
      hint: `import ${name} at its master depot`,
      retry: 'never',
    });
  }
  const state = await stateOf(request, packages, { repository, name, work: path });
  return { exists: true, path, state, targets, next: (revisions.at(-1)?.revision ?? 0) + 1 };
}

async function stateOf(
  request: Request,
  packages: PackagesApi,
  { repository, name, work }: { readonly repository: string; readonly name: string; readonly work: string },
): Promise<WorkCopy['state']> {
  if (lstatSync(work, { throwIfNoEntry: false }) === undefined) return 'missing';
  try {
    const order = { note: null, version: null, dryRun: true };
    const { problems } = await watch(request, {}, (how) =>
      packages.prepare({ repository, name }, { ...how, ...order }),
    );
    return problems.length === 1 && problems[0]?.path === '.' ? 'empty' : 'changed';
  } catch (error) {
    if (!(error instanceof DepotError)) throw error;
    if (error.rule === 'unchanged') return 'frozen';
    // It is not what the last revision is.
    if (error.rule === 'base-first') return 'changed';
    throw error;
  }
}
