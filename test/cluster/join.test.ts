import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { command, type CommandResult } from '../harness/command.js';
import { depotOf, type Depot } from '../harness/depot.js';
import { freePorts } from '../harness/port.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { differences, tree } from '../harness/tree.js';
import { control, pollAll, statusOf } from './chain.js';

/*
 * What the README's first screen says, from bare machines on: each test goes on where the one before ended. The daemons are
 * started directly, where the README has systemd do it.
 */

const sites = { origin: 'enterprise', germany: 'enterprise/germany', munich: 'enterprise/germany/munich' };

let folder: string;
let source: string;
let ports: readonly number[];
const depots = new Map<string, Depot>();

const whenDone = afterTheLast();
beforeAll(async () => {
  folder = await temporaryFolder(whenDone);
  source = join(folder, 'source');
  await tree(source, { 'tool/run': 'a tool', 'READ ME': 'read me' });
  ports = await freePorts(3);
  afterAll(async () => {
    for (const each of depots.values()) await each.stop();
  });
});

const configOf = (name: string): string => join(folder, name, 'depot.yaml');
const placeOf = (name: string): readonly string[] => [
  '--data',
  join(folder, name, 'data'),
  '--listen',
  `https://127.0.0.1:${ports[Object.keys(sites).indexOf(name)]}`,
];

/** @throws where the command does not end with 0 */
async function succeeds(result: Promise<CommandResult>): Promise<CommandResult> {
  const { exitCode, stdout, stderr } = await result;
  expect(exitCode, stdout + stderr).toBe(0);
  return result;
}

async function startDepot(name: string): Promise<Depot> {
  const made = await depotOf(configOf(name));
  depots.set(name, made);
  await made.start();
  return made;
}

function at(name: string): Depot {
  const made = depots.get(name);
  if (made === undefined) throw new Error(`${name} was not started`);
  return made;
}

/** The token, as it goes from one machine to the other. */
async function invite(by: string, name: string, site: string, ...options: string[]): Promise<string> {
  const { stdout, stderr } = await succeeds(at(by).cli('invite', name, '--site', site, ...options));
  expect(stdout.trim()).toMatch(/^depotd-invite-1\.\S+$/);
  expect(stderr).not.toContain(stdout.trim());
  return stdout;
}

/** `depot join` at a machine that has nothing but the program, with the token at standard input. */
function joins(name: string, token: string, ...options: string[]): Promise<CommandResult> {
  return command(configOf(name), ['join', ...placeOf(name), ...options], token);
}

it('makes a company at the origin', async () => {
  await mkdir(join(folder, 'origin'));
  const published = ['--repository', 'tools', '--source', source, '--context', sites.origin];
  const init = ['init', '--depot', 'origin', '--site', sites.origin, '--origin', ...placeOf('origin'), ...published];
  await succeeds(command(configOf('origin'), init));
  const { stdout } = await succeeds(command(configOf('origin'), ['ca', 'init']));
  expect(stdout).toMatch(/fingerprint of its root: [0-9a-f]{64}/);
  expect(stdout).toContain('depot invite');
  const again = await command(configOf('origin'), ['ca', 'init']);
  expect(again.exitCode).toBe(2);
  expect(again.stderr).toContain('there is a CA in');
  const origin = await startDepot('origin');
  await succeeds(origin.cli('publish', 'tools', '--wait'));
});

it('takes a depot in that reads its token from standard input', async () => {
  await mkdir(join(folder, 'germany'));
  await succeeds(joins('germany', await invite('origin', 'germany', sites.germany)));
  const germany = await startDepot('germany');
  await succeeds(germany.cli('poll', '--wait'));
  expect(await differences(source, germany.tree('tools'))).toBe('');
  expect(await statusOf(germany)).toMatchObject({ parents: [{ depot: 'origin', authenticated: true }] });
  expect((await statusOf(at('origin'))).children).toMatchObject([{ depot: 'germany', authenticated: true }]);
});

it('takes one in by a token file, invited at a depot in the middle: the request climbs to the CA', async () => {
  await mkdir(join(folder, 'munich'));
  const file = join(folder, 'token');
  await writeFile(file, await invite('germany', 'munich', sites.munich));
  await succeeds(joins('munich', '', '--token-file', file));
  const munich = await startDepot('munich');
  await succeeds(munich.cli('poll', '--wait'));
  expect(await differences(source, munich.tree('tools'))).toBe('');
  expect((await statusOf(munich)).parents).toMatchObject([{ url: at('germany').url, authenticated: true }]);
  const { stdout } = await succeeds(at('origin').cli('cert'));
  expect(stdout).toContain(`munich   ${sites.munich}`);

  const used = await command(join(folder, 'other.yaml'), ['join', '--token-file', file, '--data', `${folder}/other`]);
  expect(used.exitCode).toBe(2);
  expect(used.stderr).toContain('is not invited, or its invitation was used or has expired');
});

it('refuses a token that has expired, and says when it did', async () => {
  const token = await invite('origin', 'late', sites.munich, '--ttl', '1s');
  await delay(1100);
  const late = await command(join(folder, 'late.yaml'), ['join', '--data', join(folder, 'late')], token);
  expect(late.exitCode).toBe(2);
  expect(late.stderr).toMatch(/the invitation expired at \d{4}-/);
  expect(late.stderr).toContain('depot invite');
});

it('refuses a name that a depot elsewhere has', async () => {
  const token = await invite('origin', 'munich', 'enterprise/france');
  const second = await command(join(folder, 'second.yaml'), ['join', '--data', join(folder, 'second')], token);
  expect(second.exitCode).toBe(2);
  expect(second.stderr).toContain(`there is a depot munich at ${sites.munich} already`);
});

it.each([sites.origin, 'enterprise/france'])('refuses to invite to %s at a depot of Germany', async (site) => {
  const { exitCode, stderr, stdout } = await at('germany').cli('invite', 'paris', '--site', site);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`${site} is not at or below ${sites.germany}`);
  expect(stdout).toBe('');
});

it('takes a depot in again with the data that it has, and fetches nothing twice', async () => {
  const munich = at('munich');
  const serialOf = async (): Promise<unknown> => (await control(at('munich')).trust.certificates()).own?.serial;
  const before = await serialOf();
  const token = await invite('germany', 'munich', sites.munich);
  await munich.stop();
  const kept = await joins('munich', token);
  expect(kept.exitCode).toBe(2);
  expect(kept.stderr).toContain('exists already');
  await succeeds(joins('munich', token, '--force'));
  await startDepot('munich');
  expect(await pollAll(at('munich'))).toMatchObject([{ outcome: 'unchanged', toGeneration: 1 }]);
  expect(await serialOf()).not.toBe(before);
});
