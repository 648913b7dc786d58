import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DepotError } from '../model/errors.js';
import type { PrepareResult } from '../model/package-status.js';
import type { FileCount } from '../model/plan-status.js';
import type { ImportPart } from '../publish/import-parts.js';
import type { PackageName, PackagesApi } from '../serve/packages-api.js';
import { makeFolderDurably } from '../store/durable.js';
import { freeSpace } from '../store/space.js';
import { replaceWorkCopy } from '../store/work-folder.js';
import type { WorkCopy } from './import-work.js';
import { asText } from './package-name.js';
import { prepareLines } from './package-prepare.js';
import { distributedLine, releasedLine } from './package-release.js';
import { printProse, type Request } from './request.js';
import { watch } from './watching.js';
import { plural, safe, size } from './words.js';

export interface ImportOrder extends PackageName {
  readonly type: string | null;
  readonly title: string | null;
  readonly vendor: string | null;
  readonly to: readonly string[];
  readonly except: readonly string[];
  readonly release: boolean;
  readonly replace: boolean;
}

export interface ImportSteps {
  readonly request: Request;
  readonly packages: PackagesApi;
  readonly order: ImportOrder;
  readonly work: WorkCopy;
  /** The file or folder, as it was named. */
  readonly source: string;
}

export interface Imported {
  /** The revisions that were made; `revision` is null where the content is that of the revision before. */
  readonly revisions: readonly { readonly name: string; readonly revision: number | null }[];
  /** The one that was released. */
  readonly released: number | null;
  /** Whether a part could be no revision, and those behind it were left. */
  readonly isStopped: boolean;
}

/** Fills the work copy, and makes no revision of it. */
export async function importWork(steps: ImportSteps, [part]: readonly ImportPart[]): Promise<Imported> {
  const { request, order } = steps;
  const path = await readyFolder(steps);
  if (part !== undefined) await fill(steps, path, part);
  if (!request.json) {
    await printProse(request.terminal, [
      `${path} has it now: ${plural(part?.files ?? 0, 'file')}, ${size(part?.bytes ?? 0)}`,
      `then: depot package publish ${asText(order)} --to SITE`,
    ]);
  }
  return { revisions: [], released: null, isStopped: false };
}

/** Makes each part the work copy, and a revision of it; all that others build on are distributed. */
export async function importRevisions(steps: ImportSteps, parts: readonly ImportPart[]): Promise<Imported> {
  const { request, packages, order, work } = steps;
  const say = async (lines: Iterable<string>): Promise<void> => {
    if (!request.json) await printProse(request.terminal, lines);
  };
  const path = await readyFolder(steps);
  const revisions: { name: string; revision: number | null }[] = [];
  let toSites = order.to;
  for (const part of parts) {
    const prepared = await withWayOn(steps, part, () => fillAndPrepare(steps, path, part));
    if (prepared === 'unchanged') {
      revisions.push({ name: part.name, revision: null });
      await say([`${safe(part.name)} is what the revision before is`]);
      continue;
    }
    await say(prepareLines(request, `${asText(order)}: ${safe(part.name)}`, prepared));
    if (prepared.revision === null) return { revisions, released: null, isStopped: true };
    revisions.push({ name: part.name, revision: prepared.revision });
    if (work.targets === null && order.to.length === 0) continue;
    const distributed = await withWayOn(steps, part, () =>
      packages.distribute(named(order), toSites, toSites.length > 0 ? order.except : []),
    );
    if (toSites.length > 0) await say([distributedLine(distributed.package)]);
    toSites = [];
  }
  const last = revisions.findLast(({ revision }) => revision !== null)?.revision ?? null;
  if (!order.release || last === null) return { revisions, released: null, isStopped: false };
  const released = await packages.release(named(order), { revision: last, ring: null, at: null });
  await say([releasedLine(released.package)]);
  return { revisions, released: last, isStopped: false };
}

/** Says of a failure how to go on from there. */
async function withWayOn<T>({ order, source }: ImportSteps, { name }: ImportPart, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DepotError)) throw error;
    const goOn = `then go on: depot package import ${asText(order)} ${source} --from ${name}`;
    const { code, message, retry, rule } = error;
    const hint = error.hint === undefined ? goOn : `${error.hint}; ${goOn}`;
    throw new DepotError(code, `${name}: ${message}`, {
      cause: error,
      hint,
      retry,
      ...(rule === undefined ? {} : { rule }),
    });
  }
}

async function fillAndPrepare(
  steps: ImportSteps,
  path: string,
  part: ImportPart,
): Promise<PrepareResult | 'unchanged'> {
  const { request, packages, order } = steps;
  await fill(steps, path, part);
  try {
    const note = part.version === null ? `imported from ${part.name}` : 'imported';
    const how = { note, version: part.version, dryRun: false };
    return await watch(request, {}, (work) => packages.prepare(named(order), { ...work, ...how }));
  } catch (error) {
    if (error instanceof DepotError && error.rule === 'unchanged') return 'unchanged';
    throw error;
  }
}

/** The folder of the work copy, of a package that is created where it was not there. */
async function readyFolder({ packages, order, work }: ImportSteps): Promise<string> {
  const { type, title, vendor } = order;
  if (work.exists) {
    if (work.state === 'missing') await makeFolderDurably(work.path);
    return work.path;
  }
  const created = await packages.create(named(order), { type, title, vendor, version: null, keep: null });
  return created.package.work;
}

function named({ repository, name }: ImportOrder): PackageName {
  return { repository, name };
}

const breathBytes = 16 * 1024 ** 2;
/** A small file takes as long as so many bytes of a large one. */
const fileCost = 64 * 1024;

async function fill({ request, order }: ImportSteps, path: string, { items, files, bytes }: ImportPart): Promise<void> {
  const { free } = await freeSpace(dirname(path));
  if (bytes > free) {
    throw new DepotError('disk-full', `${size(bytes)} would be written, and ${dirname(path)} has ${size(free)} left`, {
      retry: 'never',
    });
  }
  await watch(request, {}, async ({ signal, onEvent }) => {
    let breathedAt = 0;
    const onWritten = async (done: FileCount): Promise<void> => {
      const at = done.bytes + done.files * fileCost;
      if (at - breathedAt < breathBytes) return;
      breathedAt = at;
      await onEvent({
        type: 'progress',
        repository: order.repository,
        phase: 'unpack',
        files: { done: done.files, total: files },
        bytes: { done: done.bytes, total: bytes },
      });
      // Lets Ctrl-C in.
      await setImmediate();
    };
    await replaceWorkCopy(path, items, onWritten, signal);
  });
}
