import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import picocolors from 'picocolors';
import type { Cluster } from '../harness/cluster.js';
import { quickPace, walkingPace } from './company.js';
import { linesShow } from './lines.js';
import { liveShow, type Question } from './live.js';
import { run } from './run.js';
import { openScreen } from './screen.js';
import { standings, type Standing } from './standings.js';

/*
 * `npm run demo`: a company of seven depots on this machine, from an origin through two regions to four branches. Real
 * packages are put into the origin's source, changed, renamed and deleted, another one is made into revisions, distributed and
 * released, and a person sees it go down level by level.
 * `--once`, or an output that is no terminal: the same as plain lines, one round of changes, and exit code 0 if every
 * copy is then what the source is. Whatever ends it, no process and no folder stays behind.
 */

const { stdin, stdout, stderr, env } = process;
const isTerminal = stdout.isTTY && env['TERM'] !== 'dumb';
const colours = picocolors.createColors(isTerminal && !env['NO_COLOR']);

/** Why it ends before its end. */
class Ending extends Error {
  constructor(readonly exitCode: number) {
    super('the demo was ended');
  }
}

const ending = new AbortController();
const endWith = (exitCode: number): void => ending.abort(new Ending(exitCode));
const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

function say(line: string): void {
  stdout.write(`${line}\n`);
}

/** For another terminal. */
function commands(folder: string, question: Question): readonly string[] {
  if (question === 'package') {
    return [`ls -l ${folder}/munich/data/trees/apps/ramda`, depotAt(folder, 'origin', 'package status apps/ramda')];
  }
  return [`ls ${folder}/munich/data/trees/tools`, depotAt(folder, 'munich', question)];
}

function depotAt(folder: string, depot: string, question: string): string {
  return `node bin/depot.js --config ${folder}/${depot}/depot.yaml ${question}`;
}

async function once(folder: string): Promise<number> {
  let look: () => readonly Standing[] = () => [];
  const different = await run({
    folder,
    pace: quickPace,
    pauseMs: undefined,
    show: linesShow(say, colours, quickPace, () => look()),
    onStarted: (_cluster, watch) => (look = watch.standings),
    impatience: () => new AbortController().signal,
    signal: ending.signal,
  });
  say('');
  say(different.length === 0 ? 'Every copy equals the source.' : `Not equal to the source: ${different.join(', ')}.`);
  return different.length === 0 ? 0 : 1;
}

const pauseMs = 8000;

async function live(folder: string): Promise<number> {
  let look: () => readonly Standing[] = () => standings(new Map(), new Map(), Date.now());
  let company: Cluster | undefined;
  let impatience = new AbortController();
  const onKey = (key: string | undefined): void => {
    if (key === undefined) endWith(128 + signals.SIGHUP);
    else if (key === 'q' || key === '\u0003') endWith(0);
    else if (key === ' ') impatience.abort();
    else if (key === 'k' && company !== undefined) killOne(company, look());
  };
  const screen = openScreen(stdin, stdout, onKey);
  const show = liveShow(
    screen,
    colours,
    walkingPace,
    () => look(),
    (question) => commands(folder, question),
  );
  try {
    await run({
      folder,
      pace: walkingPace,
      pauseMs,
      show,
      onStarted: (cluster, watch) => {
        company = cluster;
        look = watch.standings;
      },
      impatience: () => (impatience = new AbortController()).signal,
      signal: ending.signal,
    });
    return 0;
  } finally {
    show.stop();
    screen.close();
  }
}

/** In the middle of a transfer, if one is under way. */
function killOne(company: Cluster, all: readonly Standing[]): void {
  const running = all.filter(({ place, mark }) => place.level !== 'origin' && mark !== 'down' && mark !== 'starting');
  const busy = running.filter(({ mark }) => mark === 'fetching' || mark === 'applying');
  const among = busy.length > 0 ? busy : running;
  const victim = among[Math.floor(Math.random() * among.length)];
  try {
    if (victim !== undefined) company.depot(victim.place.name).signal('SIGKILL');
  } catch {
    // It has ended a moment ago.
  }
}

async function demo(): Promise<number> {
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
  for (const [name, number] of Object.entries(signals)) process.on(name, () => endWith(128 + number));
  for (const stream of [stdout, stderr]) stream.on('error', () => endWith(1)); // nobody reads any more
  const parent = process.ppid;
  // npm, which passes SIGINT and SIGTERM on, is ended by others without a word.
  setInterval(() => process.ppid !== parent && endWith(128 + signals.SIGHUP), 500).unref();
  if (!isTerminal && !values.once)
    say('The output is no terminal, so this runs as with --once: plain lines, one round.');
  const folder = await mkdtemp(join(tmpdir(), 'depotd-demo-'));
  say(`Each depot has a folder in ${folder}; origin/source is what is published.`);
  say(`To look from another terminal, in ${process.cwd()}:`);
  for (const question of ['status', 'package'] as const) {
    for (const command of commands(folder, question)) say(`  ${command}`);
  }
  say(`  ${depotAt(folder, 'origin', 'cert')}`);
  try {
    return await (isTerminal && !values.once ? live(folder) : once(folder));
  } catch (thrown) {
    if (ending.signal.aborted) return (ending.signal.reason as Ending).exitCode;
    throw thrown;
  } finally {
    stdout.write(`The daemons have ended. Removing ${folder}: `);
    // Somebody may be trying things out in it at this moment.
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    say('done.');
  }
}

try {
  process.exitCode = await demo();
} catch (thrown) {
  stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = 1;
}
