import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ControlApi } from '../../src/serve/control-api.js';
import type { ControlServer } from '../../src/serve/control.js';
import type { ProtectedKey } from '../../src/model/trust-status.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { liveFacts, sampleApi, sampleDepot, serveSample, type Sample } from './fixture.js';
import { depot } from './recorder.js';

const now = Date.UTC(2026, 10, 21, 12);
let sample: Sample;
let server: ControlServer;
let examples: ReadonlyMap<string, unknown>;

const whenDone = afterTheLast();
beforeAll(async () => {
  const text = await readFile(new URL('../../src/cli/JSON.md', import.meta.url), 'utf8');
  const blocks = text.matchAll(/^```json (\w+)\n(.*?)^```$/gms);
  examples = new Map([...blocks].map(([, name = '', json = '']) => [name, JSON.parse(json)]));
  sample = await sampleDepot(await temporaryFolder(whenDone), now);
  server = await serveSample(
    sample,
    sampleApi(sample, liveFacts(now), () => now, documented()),
  );
});

afterAll(async () => {
  await server.close();
  sample.store.close();
});

const unasked = (): Promise<never> => Promise.reject(new Error('not documented yet'));

const undocumented: ControlApi['trust'] = {
  reset: unasked,
  certificates: unasked,
  renew: unasked,
  invite: unasked,
  revoke: unasked,
  replaceAnchors: unasked,
  rotateAuthority: unasked,
  finishRotation: unasked,
  repositories: unasked,
  enroll: unasked,
  approve: unasked,
};

/** A daemon that answers what JSON.md says that it answers: what the command makes of it must be the same again. */
function documented(): Partial<ControlApi> {
  const example = <Result>(name: string): Result => examples.get(name) as Result;
  return {
    poll: async () => example('poll'),
    plan: async (_repository, { steps, onEvent }) => {
      const { plans, steps: listed } = example<{ plans: never; steps: never }>('plan');
      if (steps) await onEvent({ type: 'steps', steps: listed });
      return plans;
    },
    publish: async () => example('publish'),
    verify: async () => example('verify'),
    gc: async () => example('gc'),
    forecast: async () => example('forecast'),
    reload: async () => example('reload'),
    orderLine: async () => example('line'),
    settings: async () => example('settings'),
    subjects: { list: async () => example('subject'), add: unasked, remove: unasked },
    trust: {
      ...undocumented,
      certificates: async () => example('cert'),
      rotateAuthority: async () => example('ca'),
      finishRotation: async () => example('ca'),
    },
    moves: {
      takeOver: async () => example('takeover'),
      cancel: async () => example('takeover'),
      move: async () => example('move'),
      keep: async () => example('move'),
    },
    keys: {
      list: async () => example('keys'),
      protect: async () => ({ ...example<Omit<ProtectedKey, 'sealed'>>('protect'), sealed: '{}' }),
      forget: async () => ({ repository: 'scripts' }),
      rotate: async () => example('rotate'),
      add: async () => example('rotate'),
    },
  };
}

async function json(...args: string[]): Promise<unknown> {
  const { stdout, stderr } = await depot(['--config', sample.config, ...args, '--json'], { now: () => now });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** Where there is something in a JSON value: `.parents[].url`. */
function keys(value: unknown, at = ''): string[] {
  const inner = Array.isArray(value)
    ? value.flatMap((element) => keys(element, `${at}[]`))
    : typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, field]) => keys(field, `${at}.${key}`))
      : [];
  return [...new Set([at, ...inner])].toSorted();
}

test('status has the documented shape', async () => {
  const { source, error, holds, status } = Object.fromEntries(examples) as Record<string, Record<string, unknown>>;
  const example = structuredClone(status) as { repositories: object[]; parents: object[] };
  // What JSON.md shows apart: a master depot, a hold, a parent that does not answer.
  example.repositories.push({ source, holds: holds?.['holds'] });
  example.parents.push({ error: { ...(error?.['error'] as object), at: '' } });
  expect(keys(await json('status', '--tree'))).toEqual(keys(example));
});

test('windows that did not suffice again and again have the documented shape', async () => {
  const { missedWindows } = sample.store;
  missedWindows.put({ repository: 'media', windows: 3, closedMs: now - 3_600_000, sinceMs: now - 3 * 86_400_000 });
  const status = (await json('status')) as { repositories: { name: string; missedWindows: unknown }[] };
  missedWindows.remove('media');
  const shown = status.repositories.find(({ name }) => name === 'media')?.missedWindows;
  expect(keys(shown)).toEqual(keys(examples.get('missed')));
  expect(shown).toMatchObject({ windows: 3, bytesLeft: 278_000_000, windowBytes: 90_000_000, windowsNeeded: 1 });
});

test.each([
  ['history', ['history']],
  ['holds', ['holds']],
  ['ls', ['ls', 'tools', 'bin']],
  ['version', ['version']],
  ['windows', ['windows']],
  ['settings', ['config', 'show', '--effective']],
])('%s has the documented shape', async (name, args) => {
  expect(keys(await json(...args))).toEqual(keys(examples.get(name)));
});

test.each([
  ['poll', ['poll', '--wait']],
  ['plan', ['plan', '--files']],
  ['forecast', ['forecast']],
  ['forecast', ['forecast', 'apps/vlc']],
  ['publish', ['publish', 'scripts', '--wait']],
  ['verify', ['verify']],
  ['gc', ['gc']],
  ['reload', ['reload']],
  ['line', ['pace', '5Mbit/s', '--for', '2h']],
  ['line', ['pause']],
  ['line', ['resume']],
  ['cert', ['cert']],
  ['subject', ['subject', 'list']],
  ['ca', ['ca', 'rotate']],
  ['ca', ['ca', 'rotate', '--finish']],
  ['keys', ['keys']],
  ['protect', ['keys', 'protect', 'scripts']],
  ['takeover', ['repository', 'take-over', 'tools']],
  ['takeover', ['repository', 'take-over', 'tools', '--cancel']],
  ['move', ['repository', 'move', 'tools', '--to', 'munich-1', '--passphrase-file', 'words']],
  ['move', ['repository', 'keep', 'tools']],
  ['rotate', ['keys', 'rotate', 'scripts', '--role', 'targets', '--passphrase-file', 'words']],
])('%s prints what the daemon answers, in the documented shape', async (name, args) => {
  const passphrases = join(sample.data, 'words');
  await writeFile(passphrases, 'open sesame\n');
  const given = args.map((word) => (word === 'words' ? passphrases : word));
  expect(await json(...given)).toEqual(examples.get(name));
});

test('an error has the documented shape', async () => {
  const { stderr } = await depot(['--config', sample.config, 'ls', 'nope', '--json']);
  expect(keys(JSON.parse(stderr)).toSorted()).toEqual(keys(examples.get('error')).toSorted());
});
