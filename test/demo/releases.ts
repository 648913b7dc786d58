import { readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { plural, size, span } from '../../src/cli/words.js';
import type { PackageStatus, PrepareResult } from '../../src/model/package-status.js';
import type { Depot } from '../harness/depot.js';
import { packageFolder, putPackage, type PackageVersion } from '../harness/packages.js';
import { differences } from '../harness/tree.js';
import { packageRepository, places, work } from './company.js';
import { patienceMs, type Stage } from './play.js';
import { versionOf } from './story.js';
import { control } from './watch.js';

/** The package that is released before the viewer's eyes, and where to. */
const name = 'ramda';
const target = 'enterprise/germany';
const of = { repository: packageRepository, name };

const among = ({ site }: { readonly site: string }): boolean => site === target || site.startsWith(`${target}/`);
const targeted = places.filter(among);
const others = places.filter((place) => !among(place) && place.level !== 'origin');

const lookEveryMs = 200;
const facts = { type: 'app', title: 'Ramda', vendor: null, version: null, keep: null };

/**
 * Brings a package to Germany ahead of time, and releases it there: two revisions in the first round, one in each other.
 * @returns the depots where what clients get is not what was put into the work copy
 */
export async function releases(stage: Stage, round: number): Promise<readonly string[]> {
  const { packages } = control(stage.cluster.depot('origin'));
  if (round === 0) await packages.create(of, facts);
  const versions: readonly PackageVersion[] = round === 0 ? ['a', 'b'] : [round % 2 === 0 ? 'b' : 'a'];
  let different: readonly string[] = [];
  for (const version of versions) different = await releaseNext(stage, version);
  return different;
}

async function releaseNext(stage: Stage, version: PackageVersion): Promise<readonly string[]> {
  const { show, cluster } = stage;
  const { packages } = control(cluster.depot('origin'));
  const number = ((await packages.show(of)).revisions.at(-1)?.revision ?? 0) + 1;
  const called = `${name} ${await versionOf(packageFolder(name, version))}`;
  show.step(
    `A package: ${called} becomes revision ${number}, and is distributed to Germany`,
    number === 1
      ? 'It travels ahead of time to three depots; clients see nothing of it, France gets nothing.'
      : 'Only what differs from the revision before travels; clients still get that one.',
  );
  show.act({ kind: 'package', text: `The work copy ${name} is frozen: nobody changes revision ${number} any more.` });
  const prepared = await prepare(stage, version);
  await packages.distribute(of, [target], []);
  const ready = `It is on its way: ${travels(prepared)}.`;
  await wave(stage, ready, async (depot) => ((await isReady(stage, depot, number)) ? `has revision ${number}` : null));

  show.step(
    `Revision ${number} of ${name} is released`,
    'A few hundred bytes say so: one level a poll, and each depot switches a link.',
  );
  await packages.release(of, { revision: number, ring: null, at: null });
  const releasedAtMs = Date.now();
  await wave(stage, 'The content is there already, so that a release is quick, however large it is.', async (depot) => {
    const current = await readlink(join(folderAt(depot), 'current')).catch(() => null);
    return current === String(number) ? `clients get revision ${number}` : null;
  });
  const different = await compare(stage, version, number);
  const verdict =
    different.length === 0
      ? 'diff -r finds no difference to the work copy, and in France there is nothing.'
      : `diff -r finds differences at ${different.join(', ')}.`;
  await pause(
    stage,
    `Revision ${number} is in Germany ${span(Date.now() - releasedAtMs)} after its release. ${verdict}`,
  );
  return different;
}

async function prepare({ cluster, signal }: Stage, version: PackageVersion): Promise<PrepareResult> {
  const { packages } = control(cluster.depot('origin'));
  await putPackage(work(cluster.folder), name, version);
  const how = { note: null, version: await versionOf(packageFolder(name, version)), dryRun: false };
  const result = await packages.prepare(of, { ...how, signal, onEvent: async () => undefined });
  if (result.revision === null) throw new Error(`no revision was made: ${JSON.stringify(result.problems)}`);
  return result;
}

function travels({ change, package: made }: PrepareResult): string {
  const { files = 0, bytes = 0 }: Partial<PackageStatus['revisions'][number]> = made.revisions.at(-1) ?? {};
  const whole = `${plural(files, 'file')}, ${size(bytes)}`;
  return `${whole}, of which about ${size(change?.wireBytes ?? 0)} cross each line`;
}

/**
 * Waits until something is true at all depots of the target, and tells it of each. The impatient do not wait.
 * @throws Error where nobody is, and it takes too long
 */
async function wave(stage: Stage, text: string, reached: (depot: Depot) => Promise<string | null>): Promise<void> {
  const { cluster, show, signal, pauseMs } = stage;
  show.act({ kind: 'package', text });
  const impatience = pauseMs === undefined ? AbortSignal.timeout(patienceMs) : stage.impatience();
  const waiting = new Map(targeted.map((place) => [place.name, cluster.depot(place.name)]));
  while (waiting.size > 0) {
    signal.throwIfAborted();
    if (impatience.aborted && pauseMs === undefined)
      throw new Error(`${[...waiting.keys()].join(', ')}: ${text} It takes too long.`);
    if (impatience.aborted) return;
    for (const depot of waiting.values()) {
      const told = await reached(depot).catch(() => null);
      if (told === null) continue;
      show.event(depot.name, told);
      waiting.delete(depot.name);
    }
    await delay(lookEveryMs, undefined, { signal });
  }
}

/** Whether a depot has all of it, as it says of itself to whoever asks: what it lacks stands in its row. */
async function isReady({ cluster }: Stage, depot: Depot, number: number): Promise<boolean> {
  const { depots } = await control(cluster.depot('origin')).packages.readiness(of);
  return depots.find((each) => each.depot === depot.name)?.ready.includes(number) ?? false;
}

async function compare({ cluster }: Stage, version: PackageVersion, number: number): Promise<readonly string[]> {
  const different: string[] = [];
  for (const place of targeted) {
    const copy = join(folderAt(cluster.depot(place.name)), String(number));
    if ((await differences(packageFolder(name, version), copy)) !== '') different.push(place.name);
  }
  for (const place of others) {
    const folder = folderAt(cluster.depot(place.name));
    if ((await stat(folder).catch(() => undefined)) !== undefined) different.push(place.name);
  }
  return different;
}

async function pause(stage: Stage, text: string): Promise<void> {
  const { show, pauseMs, signal } = stage;
  if (pauseMs === undefined) {
    show.act({ kind: 'package', text, isDone: true });
    return;
  }
  show.act({ kind: 'package', text, isDone: true, nextAtMs: Date.now() + pauseMs });
  await delay(pauseMs, undefined, { signal: AbortSignal.any([signal, stage.impatience()]) }).catch(() => undefined);
  signal.throwIfAborted();
}

function folderAt(depot: Depot): string {
  return join(depot.tree(packageRepository), name);
}
