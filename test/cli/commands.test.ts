import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CycleResult } from '../../src/model/cycle-status.js';
import type { FileCount } from '../../src/model/plan-status.js';
import type { PublishResult } from '../../src/model/publish-status.js';
import type { VerifyResult } from '../../src/model/upkeep-status.js';
import type { ControlApi } from '../../src/serve/control-api.js';
import type { ControlServer } from '../../src/serve/control.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { liveFacts, sampleApi, sampleDepot, serveSample, type Sample } from './fixture.js';
import { depot, type Ran, type RecorderOptions } from './recorder.js';

const now = Date.UTC(2026, 10, 21, 12);
const scripted: { -readonly [Method in keyof ControlApi]?: ControlApi[Method] } = {};
let sample: Sample;
let server: ControlServer;

const whenDone = afterTheLast();
beforeAll(async () => {
  sample = await sampleDepot(await temporaryFolder(whenDone), now);
  server = await serveSample(
    sample,
    sampleApi(sample, liveFacts(now), () => now, scripted),
  );
});

afterAll(async () => {
  await server.close();
  sample.store.close();
});

/** Runs a command at the sample depot, whose clock stands still. */
function run(args: readonly string[], options: RecorderOptions = {}): Promise<Ran> {
  return depot(['--config', sample.config, ...args], { now: () => now, ...options });
}

const none: FileCount = { files: 0, bytes: 0 };

function cycle(repository: string, change: Partial<CycleResult>): CycleResult {
  return {
    repository,
    outcome: 'applied',
    fromGeneration: 41,
    toGeneration: 43,
    fetched: { files: 40, bytes: 40_000_000 },
    wire: 4_000_000,
    added: 10,
    replaced: 30,
    deleted: 0,
    held: 0,
    error: null,
    ...change,
  };
}

function publishResult(change: Partial<PublishResult>): PublishResult {
  return {
    repository: 'scripts',
    dryRun: false,
    generation: 13,
    published: true,
    add: { files: 12, bytes: 10_000_000 },
    replace: none,
    delete: none,
    heldBack: [],
    heldBackCount: 0,
    changing: [],
    refused: null,
    ...change,
  };
}

test('status tells at one glance how a depot stands, and then what needs a person', async () => {
  const { stdout, stderr, exitCode } = await run(['status'], { width: 100 });
  expect(exitCode).toBe(0);
  expect(stderr).toBe('');
  await expect(stdout).toMatchFileSnapshot('../golden/cli/status.txt');
});

test('status --tree shows each depot below with its lag', async () => {
  const { stdout } = await run(['status', '--tree'], { width: 100 });
  await expect(stdout).toMatchFileSnapshot('../golden/cli/tree.txt');
});

test.each([80, 100])('no line of a status is wider than a terminal of %d columns', async (width) => {
  for (const args of [['status'], ['status', '--tree'], ['plan', '--help'], ['--help']]) {
    const { stdout } = await run(args, { width });
    expect(stdout.split('\n').filter((line) => line.length > width)).toEqual([]);
  }
});

test('status --late leaves out the depots that are current, but for those above others', async () => {
  const { stdout } = await run(['status', '--late']);
  expect(stdout).toContain('munich-22');
  expect(stdout).toContain('munich-2 ');
  expect(stdout).not.toContain('munich-21');
  const { stdout: json } = await run(['status', '--late', '--json']);
  const rows = (JSON.parse(json) as { below: { depot: string }[] }).below.map((row) => row.depot);
  expect(rows).toEqual(['munich-3', 'munich-22']);
});

test('poll --wait says in a line what came of each repository, and ends with the code of the failure', async () => {
  const failed = { code: 'parent-busy', message: 'the parent is busy', hint: 'it asks for 30 s', at: '' } as const;
  scripted.poll = async (_repositories, { onEvent }) => {
    await onEvent({ type: 'cycle', cycle: cycle('tools', { held: 1184 }) });
    const cycles = [
      cycle('tools', { held: 1184 }),
      cycle('media', { outcome: 'failed', error: failed }),
      cycle('fonts', { outcome: 'unchanged', toGeneration: 3 }),
      cycle('docs', { outcome: 'waiting' }),
      cycle('maps', { outcome: 'interrupted' }),
    ];
    return { repositories: cycles.map(({ repository }) => repository), cycles };
  };
  const { stdout, exitCode } = await run(['poll', '--wait']);
  expect(stdout.split('\n')).toEqual([
    'tools: generation 41 -> 43, fetched 40 files, 38 MiB, 3.8 MiB on the line; 10 added, 30 replaced',
    '  the deletion of 1,184 files waits for approval: depot holds',
    'media: failed: the parent is busy',
    '  it asks for 30 s',
    'fonts: nothing new since generation 3',
    'docs: waits for the parent to have a newer generation complete',
    'maps: interrupted, fetched 40 files, 38 MiB, 3.8 MiB on the line; the next poll goes on from there',
    '',
  ]);
  expect(exitCode).toBe(10);
});

test.each<[string, Partial<CycleResult>, number]>([
  ['applied', {}, 0],
  ['nothing new', { outcome: 'unchanged' }, 0],
  ['the parent has it not complete yet', { outcome: 'waiting' }, 0],
  ['deletions held', { held: 3 }, 9],
  ['a head held', { outcome: 'held' }, 9],
  ['interrupted', { outcome: 'interrupted' }, 130],
])('poll --wait, %s: the exit code tells', async (_name, change, code) => {
  scripted.poll = async () => ({ repositories: ['tools'], cycles: [cycle('tools', change)] });
  expect((await run(['poll', '--wait'])).exitCode).toBe(code);
});

test('poll without --wait asks for the named repositories and returns at once', async () => {
  let asked: unknown;
  scripted.poll = async (repositories, { wait }) => {
    asked = { repositories, wait };
    return { repositories: repositories ?? [], cycles: null };
  };
  const { stdout, exitCode } = await run(['poll', 'tools', 'media']);
  expect(asked).toEqual({ repositories: ['tools', 'media'], wait: false });
  expect(stdout).toBe('polls tools, media; how far it is: depot status\n');
  expect(exitCode).toBe(0);
});

test.each<[string, Partial<PublishResult>, number, string]>([
  ['published', {}, 0, 'scripts: published generation 13: 12 added (9.5 MiB)'],
  ['nothing new', { published: false, add: none }, 0, 'scripts: nothing has changed since generation 13'],
  ['a dry run', { published: false, dryRun: true }, 0, 'scripts: would publish 12 added (9.5 MiB)'],
  [
    'names held back',
    { heldBack: [{ path: 'a:b', reason: 'has a ":"' }], heldBackCount: 1 },
    7,
    '! scripts: 1 name held back\n  a:b  has a ":"',
  ],
  ['a refused source', { refused: 'it is empty; mend it' }, 8, 'nothing was published: it is empty; mend it\n'],
  ['a changing file', { changing: ['log/today'] }, 0, '1 file changed while being read'],
])('publish --wait, %s: the exit code tells', async (_name, change, code, words) => {
  scripted.publish = async () => publishResult(change);
  const { stdout, exitCode } = await run(['publish', 'scripts', '--wait']);
  expect(stdout).toContain(words);
  expect(exitCode).toBe(code);
});

test('publish hands its options over, and returns at once without --wait', async () => {
  const asked: unknown[] = [];
  scripted.publish = async (repository, { wait, dryRun, acceptSource }) => {
    asked.push({ repository, wait, dryRun, acceptSource });
    return null;
  };
  const { stdout } = await run(['publish', 'scripts', '--accept-source']);
  expect(asked).toEqual([{ repository: 'scripts', wait: false, dryRun: false, acceptSource: true }]);
  expect(stdout).toContain('depot status');
});

test('plan shows what a poll would do, and with --files path by path', async () => {
  scripted.plan = async (_repository, { steps, onEvent }) => {
    const step = { repository: 'tools', action: 'add', path: 'bin/new\u001b[2J', bytes: 12_345, fetch: true } as const;
    if (steps) await onEvent({ type: 'steps', steps: [step] });
    const one = { files: 1, bytes: 12_345 };
    const counts = { add: none, replace: none, delete: none, hold: none, fetch: none, relay: none, reused: none };
    const idle = { ...counts, urgent: none, wire: { bytes: 0, exact: true }, contentAt: null };
    const wire = { bytes: 2_100, exact: true };
    const busy = { ...idle, add: one, fetch: one, wire, hold: { files: 1184, bytes: 1_000_000 } };
    return [
      { repository: 'tools', from: 41, to: 43, ...busy },
      { repository: 'media', from: 7, to: 7, ...idle },
      { repository: 'maps', from: 1, to: 2, ...busy, wire: { ...wire, exact: false }, relay: one, hold: none },
    ];
  };
  const { stdout } = await run(['plan', '--files']);
  expect(stdout.split('\n')).toEqual([
    '+   12 KiB fetch  tools/bin/new\\x1b[2J',
    'tools: generation 41 -> 43',
    '  fetch            1 file     12 KiB  2.1 KiB on the line',
    '  add              1 file     12 KiB',
    '  hold         1,184 files   977 KiB  would wait for approval',
    'media: nothing to do, generation 7 is here',
    'maps: generation 1 -> 2',
    '  fetch            1 file     12 KiB  at most 2.1 KiB on the line; 1 file, 12 KiB of it for depots below',
    '  add              1 file     12 KiB',
    '',
  ]);
});

test('verify ends with a code of its own where it found damage', async () => {
  const nothing = { count: 0, shas: [] };
  const good = { damaged: nothing, missing: nothing, pages: nothing, trees: { count: 0, findings: [] } };
  scripted.verify = async (): Promise<VerifyResult> => ({ repository: null, files: 200, bytes: 0, ...good });
  expect(await run(['verify'])).toMatchObject({ exitCode: 0, stdout: 'no damage: 200 objects, 0 B read\n' });
  const damaged = { count: 1, shas: ['ab'.repeat(32)] };
  scripted.verify = async (): Promise<VerifyResult> => ({ repository: null, files: 200, bytes: 0, ...good, damaged });
  const found = await run(['verify', 'tools']);
  expect(found.exitCode).toBe(11);
  expect(found.stdout).toContain('! 1 damaged object\n  abab');
});

test('ls lists a folder as this depot has it, and marks what it does not follow', async () => {
  expect((await run(['ls', 'tools'])).stdout).toBe('bin/\nempty/\nlib/\n');
  expect((await run(['ls', 'tools', '/bin/'])).stdout).toBe('tool*\ntool-latest@\n');
  expect((await run(['ls', 'tools', 'lib'])).stdout.split('\n')).toHaveLength(1203);
  expect((await run(['ls', 'tools', 'bin/tool', '-l'])).stdout).toMatch(
    /^ {2}12 KiB {2}2026-11-20 \d\d:30 {2}tool\*\n$/,
  );
});

test('ls shows an older or newer generation, as far as it is held', async () => {
  expect((await run(['ls', 'tools', 'lib', '--generation', '43'])).stdout.split('\n')).toHaveLength(19);
  const gone = await run(['ls', 'tools', '--generation', '7']);
  expect(gone).toMatchObject({ exitCode: 6, stdout: '' });
  expect(gone.stderr).toContain('generation 7 of tools is not held here: held are 41 to 43');
});

test('what is not there is named, with what is', async () => {
  const path = await run(['ls', 'tools', 'nope']);
  expect(path).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('has no "nope"') });
  const repository = await run(['history', 'tool']);
  expect(repository.exitCode).toBe(6);
  expect(repository.stderr).toContain('known here: fonts, media, scripts, tools');
  expect(await run(['approve', 'zzz'])).toMatchObject({ exitCode: 6 });
});

test('history has what was published and what was taken over, newest first', async () => {
  const { stdout } = await run(['history']);
  const lines = stdout.split('\n').map((line) => line.slice('2026-11-21 12:00'.length));
  expect(lines).toEqual([
    '  REPOSITORY  GENERATION          FETCHED   TOOK  WHAT',
    '  scripts       11 -> 12                          published 3 files, 989 KiB',
    '  tools         40 -> 41  30 MiB of files  2 min  applied +12 ~3 -1 files',
    '',
  ]);
  expect((await run(['history', '--limit', '1'])).stdout.split('\n')).toHaveLength(3);
});

test('a hold is shown with its files, and let go by its id', async () => {
  const { stdout } = await run(['holds']);
  expect(stdout).toContain('7f3a  tools: the deletion of 1,184 files (1.1 GiB) by generation 43, 40 min ago');
  expect(stdout).toContain('depot approve 7f3a');
  const listed = await run(['holds', '7f3a']);
  expect(listed.stdout.split('\n')).toHaveLength(1185);
  expect(listed.stdout).toContain(' 977 KiB  lib/part-00000.so\n');
});

test('approve takes a repository for all of its holds, and says where there is no such id', async () => {
  expect((await run(['approve', 'zzz'])).stderr).toContain('no hold has the id "zzz" here');
  const { stdout, exitCode } = await run(['approve', 'tools']);
  expect(stdout).toContain('approved: the deletion of 1,184 files');
  expect(exitCode).toBe(0);
});

test('gc says what it would drop, and what it dropped', async () => {
  const plan = { generations: [], objects: { files: 12, bytes: 1_048_576 }, pages: none, strays: none };
  scripted.gc = async ({ dryRun }) => ({ dryRun, ...plan, dropped: dryRun ? none : plan.objects, postponed: false });
  expect((await run(['gc', '--dry-run'])).stdout).toBe('would drop 12 objects (1.0 MiB)\n');
  expect((await run(['gc'])).stdout).toBe('dropped 12 objects (1.0 MiB)\n');
});

test('reload names what is in force, and what waits for a restart', async () => {
  scripted.reload = async () => ({ changed: ['poll.every'], needsRestart: ['listen'], certificate: null });
  expect((await run(['reload'])).stdout).toBe(
    'in force now: poll.every\nin force after a restart (systemctl restart depotd): listen\n',
  );
  scripted.reload = async () => ({
    changed: ['log', 'sites.enterprise.poll.every'],
    needsRestart: [],
    certificate: null,
    signed: 8,
  });
  expect((await run(['reload'])).stdout).toBe(
    'in force now: log\nsigned in generation 8 of the directory, for depots to take over, one level a poll: ' +
      'sites.enterprise.poll.every\n',
  );
  scripted.reload = async () => ({ changed: ['sites.enterprise'], needsRestart: [], certificate: null });
  expect((await run(['reload'])).stdout).toContain('not signed, as there is no directory here before depot ca init');
});

test('version tells of the daemon too', async () => {
  const { stdout } = await run(['version', '--json']);
  expect(JSON.parse(stdout)).toEqual({ version: '0.1.0', daemon: '0.1.0', node: process.versions.node });
});

test.each([
  [['stauts'], 'Did you mean status?'],
  [['status', '--tre'], 'Did you mean --tree?'],
  [['ls'], 'depot help'],
  [['history', '--limit', 'many'], 'depot help'],
])('depot %j is refused with a hint', async (args, hint) => {
  const { stderr, stdout, exitCode } = await run(args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toMatch(/^depot: .*\nhint: {2}/);
  expect(stderr).toContain(hint);
});

test('with --json an error is one JSON line on stderr, and stdout stays empty', async () => {
  const { stdout, stderr, exitCode } = await run(['ls', 'nope', '--json']);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 6 });
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'not-found', hint: expect.stringContaining('known here') },
  });
});

test('a daemon whose configuration file was broken meanwhile is reached all the same', async () => {
  const broken = `${sample.config}.broken`;
  await writeFile(broken, `depot: munich-1\ndata: ${sample.data}  # here\nnonsense: [`);
  const { exitCode, stdout } = await depot(['--config', broken, 'status'], { now: () => now });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('running for 3 d 4 h');
});
