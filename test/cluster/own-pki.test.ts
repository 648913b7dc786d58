import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mkdir } from 'node:fs/promises';
import { certificateAuthority, type Authority } from '../harness/certificates.js';
import { command, type CommandResult } from '../harness/command.js';
import { depotOf, type Depot } from '../harness/depot.js';
import { freePorts } from '../harness/port.js';
import { temporaryFolder } from '../harness/temporary.js';
import { differences, tree } from '../harness/tree.js';
import { asks, inNameOf } from './certificate.js';
import { control, cycle, pollAll, sites, statusOf } from './chain.js';

/*
 * A company whose own PKI issues the certificates: they name no depot, and the directory says whose they are. Each test goes
 * on where the one before ended.
 */

type Name = keyof typeof sites;

let folder: string;
let source: string;
let ports: readonly number[];
let pki: Authority;
let directory: string;
const depots = new Map<string, Depot>();

const subjectOf = (name: string): string => `CN=${name},OU=depots,O=Example GmbH`;
const configOf = (name: string): string => join(folder, name, 'depot.yaml');
const file = (name: string, what: string): string => join(folder, name, what);
const urlOf = (name: Name): string => `https://127.0.0.1:${ports[Object.keys(sites).indexOf(name)]}`;
const placeOf = (name: Name): string[] => ['--data', file(name, 'data'), '--listen', urlOf(name)];
const filesOf = (name: string): string[] => [
  '--certificate',
  file(name, 'depot.pem'),
  '--key',
  file(name, 'depot.key'),
];

beforeAll(async () => {
  folder = await temporaryFolder(afterAll);
  source = join(folder, 'source');
  await tree(source, { 'tool/run': 'a tool' });
  ports = await freePorts(3);
  pki = await certificateAuthority('Example');
  for (const name of Object.keys(sites)) await provide(name);
  await writeFile(join(folder, 'roots.pem'), pki.root);
  afterAll(async () => {
    for (const each of depots.values()) await each.stop();
  });
});

/** Puts a certificate in its place, as the PKI's own tools would. */
async function provide(name: string, subject = subjectOf(name), by = pki, life = {}): Promise<void> {
  const { key, chain } = await by.issueTo(subject, life);
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(file(name, 'depot.key'), key);
  await writeFile(file(name, 'depot.pem'), chain);
}

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

function at(name: Name): Depot {
  const made = depots.get(name);
  if (made === undefined) throw new Error(`${name} was not started`);
  return made;
}

const joins = (name: Name, parent: Name): Promise<CommandResult> =>
  command(configOf(name), [
    ...['join', ...filesOf(name), ...placeOf(name)],
    ...['--directory', directory, '--parent', urlOf(parent)],
  ]);

const adds = (name: string, site: string, subject = subjectOf(name)): Promise<CommandResult> =>
  at('origin').cli('subject', 'add', subject, '--depot', name, '--site', site);

it('makes a directory at the origin, and no key of a CA', async () => {
  const published = ['--repository', 'tools', '--source', source, '--context', sites.origin];
  const init = ['init', '--depot', 'origin', '--site', sites.origin, '--origin', ...placeOf('origin'), ...published];
  await succeeds(command(configOf('origin'), init));
  const anchors = ['ca', 'init', '--anchors', join(folder, 'roots.pem')];
  const without = await command(configOf('origin'), anchors);
  expect(without.exitCode).toBe(2);
  expect(without.stderr).toContain('set certificate:');

  await succeeds(command(configOf('origin'), [...init, ...filesOf('origin'), '--force']));
  const { stdout } = await succeeds(command(configOf('origin'), anchors));
  directory = /^directory: ([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? '';
  expect(stdout).toContain(`origin at ${sites.origin} has the subject ${subjectOf('origin')}`);
  const origin = await startDepot('origin');
  await succeeds(origin.cli('publish', 'tools', '--wait'));
  expect((await origin.cli('cert')).stdout).toContain(`directory ${directory}`);
});

it('refuses a subject that its directory does not map, and names it', async () => {
  const refused = await joins('region', 'origin');
  expect(refused.exitCode).toBe(10);
  const said = refused.stderr.replace(/\s+/g, ' ');
  expect(said).toContain(`has the subject "${subjectOf('region')}"`);
  expect(said).toContain('depot subject add');
  expect(said).toContain('one level a poll');
});

it('takes in a depot whose subject is mapped: who it is stands in the directory', async () => {
  const { stdout } = await succeeds(adds('region', sites.region, 'cn=region, ou=depots, o=Example GmbH'));
  expect(stdout).toContain(`${subjectOf('region')} is region at ${sites.region}`);
  expect((await succeeds(joins('region', 'origin'))).stdout).toContain(`region at ${sites.region} has joined`);
  const region = await startDepot('region');
  await succeeds(region.cli('poll', '--wait'));
  expect(await differences(source, region.tree('tools'))).toBe('');
  expect(await statusOf(region)).toMatchObject({ parents: [{ depot: 'origin', authenticated: true }] });
});

it('lets the map travel one level a poll: the branch is taken in when its parent knows it', async () => {
  await succeeds(adds('branch', sites.branch));
  const early = await joins('branch', 'region');
  expect(early.exitCode).toBe(10);
  expect(early.stderr).toContain('maps to no depot');
  await pollAll(at('region'));
  await succeeds(joins('branch', 'region'));
  const branch = await startDepot('branch');
  await succeeds(branch.cli('poll', '--wait'));
  expect(await differences(source, branch.tree('tools'))).toBe('');
  expect((await statusOf(at('region'))).children).toMatchObject([{ depot: 'branch', authenticated: true }]);
});

it.each([
  ['depot invite', ['invite', 'other', '--site', sites.branch], 'depot subject add'],
  ['depot cert --renew', ['cert', '--renew'], 'depot reload'],
])('refuses %s by name, with what to do', async (_, args, remedy) => {
  const { exitCode, stderr } = await at('region').cli(...args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("certificates come from the company's own PKI");
  expect(stderr).toContain(remedy);
});
