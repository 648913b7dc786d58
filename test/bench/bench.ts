/**
 * `npm run bench`: real daemons on loopback against rsync, in the same run, and which goals are met. Sections are named
 * on the command line: `npm run bench -- poll one`. Prints Markdown, and each line of it on stderr as it comes.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import build from '../harness/build.js';
import { hundredThousand } from './hundred-thousand.js';
import { million } from './million.js';
import { packages } from './packages.js';
import { pace } from './pace.js';
import { Report } from './report.js';
import { revisions } from './revisions.js';
import { rsyncVersion } from './rsync.js';
import { twentyThousand } from './twenty-thousand.js';

/** In less than three minutes. */
const usual = ['packages', 'first', 'poll', 'one'];
/**
 * Only where they are named: `loop`, `scattered`, `pace` and `revisions` take some minutes, `million` a quarter of an hour. For
 * `revisions` npm fetches published packages, once.
 */
const onRequest = ['loop', 'scattered', 'manifest', 'million', 'pace', 'revisions'];

async function main(names: readonly string[]): Promise<void> {
  const known = [...usual, ...onRequest];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`there is no section ${unknown}, but ${known.join(', ')}`);
  const sections = new Set(names.length === 0 ? usual : names);
  const wanted = (...some: string[]): boolean => some.some((name) => sections.has(name));
  const rsync = rsyncVersion();
  build();

  const folder = await mkdtemp(join(tmpdir(), 'depotd-bench-'));
  const report = new Report();
  const load = loadavg()[0]?.toFixed(1);
  try {
    if (wanted('packages')) await packages(join(folder, 'packages'), report);
    if (wanted('first', 'poll', 'one')) await twentyThousand(join(folder, 'twenty'), wanted, report);
    if (wanted('loop', 'scattered')) await hundredThousand(join(folder, 'hundred'), wanted, report);
    if (wanted('million')) await million(join(folder, 'million'), report);
    if (wanted('pace')) report.missed += await pace(join(folder, 'pace'));
    if (wanted('revisions')) report.missed += await revisions(join(folder, 'revisions'));
    const machine = `${availableParallelism()} x ${cpus()[0]?.model.trim()}, Linux ${release()}`;
    const versions = `Node ${process.version}, rsync ${rsync}`;
    const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
    console.log(
      `${date} UTC; ${machine}; load ${load} at the start, ${loadavg()[0]?.toFixed(1)} at the end; ${versions}\n`,
    );
    console.log(report.text());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (wanted('manifest')) await manifest();
  if (report.missed > 0) process.exitCode = 1;
}

/** In a process of its own, because it reports memory. */
async function manifest(): Promise<void> {
  const child = fork(fileURLToPath(new URL('manifest.ts', import.meta.url)));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the measurement of manifests ended with ${code}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
