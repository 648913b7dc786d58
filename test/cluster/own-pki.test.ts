import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { TlsMaterial } from '../../src/protocol/tls.js';
import { certificateAuthority, type Authority } from '../harness/certificates.js';
import { command, type CommandResult } from '../harness/command.js';
import { depotOf, type Depot } from '../harness/depot.js';
import { freePorts } from '../harness/port.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { differences, tree } from '../harness/tree.js';
import { certificateOf, inNameOf } from './certificate.js';
import { control, cycle, pollAll, sites, statusOf } from './chain.js';

/*
 * A company whose own PKI issues the certificates: they name no depot, and the directory says whose they are. Each test goes
 * on where the one before ended.
 */

type Name = keyof typeof sites;

const dayMs = 86_400_000;

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

const whenDone = afterTheLast();

beforeAll(async () => {
  folder = await temporaryFolder(whenDone);
  source = join(folder, 'source');
  await tree(source, { 'tool/run': 'a tool' });
  ports = await freePorts(3);
  pki = await certificateAuthority('Example');
  for (const name of Object.keys(sites)) await provide(name);
  await writeFile(join(folder, 'roots.pem'), pki.root);
  whenDone(async () => {
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

/** A request over TLS as whoever holds that certificate would make it, whatever its own copy of the directory says. */
async function asksAs(
  material: TlsMaterial,
  parent: Name,
): Promise<{ code?: string; error?: string; message?: string }> {
  const { key, chain: cert, anchors } = material;
  const options = { key, cert, ca: [...anchors, pki.root], checkServerIdentity: () => undefined, agent: false };
  const asked = request(stateOf(parent), options).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return (await json(answer)) as { code?: string; message?: string };
}

const stateOf = (name: Name): string => `${urlOf(name)}/v1/repositories/tools/state`;

it("knows a depot by the map alone: depotd's own URI in a certificate of the PKI counts for nothing", async () => {
  const { code, message } = await asksAs(await pki.issue('branch', sites.branch), 'region');
  expect(code).toBe('certificate-refused');
  expect(message).toContain('has the subject "CN=branch", which the directory here maps to no depot');
});

it('refuses a mapped subject below another root', async () => {
  const other = await certificateAuthority('Other');
  const { code, message } = await asksAs(await other.issueTo(subjectOf('branch')), 'region');
  expect(code).toBe('certificate-refused');
  expect(message).toContain('unknown CA');
});

it.each([
  ['another PKI', subjectOf('branch'), 'issued by'],
  ['the PKI for a subject that is not mapped', subjectOf('stranger'), `"${subjectOf('stranger')}"`],
  ['the PKI for another depot', subjectOf('region'), 'maps this certificate to region'],
])('does not take up a certificate of %s, and goes on with the one before', async (from, subject, flaw) => {
  const branch = at('branch');
  const before = (await control(branch).trust.certificates()).own?.serial;
  await provide('branch', subject, from === 'another PKI' ? await certificateAuthority('Example') : pki);
  const { exitCode, stdout } = await branch.cli('reload');
  expect(exitCode).toBe(10);
  expect(stdout.replace(/\s+/g, ' ')).toContain(flaw);
  expect((await control(branch).trust.certificates()).own?.serial).toBe(before);
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged', error: null });
});

it('takes over all else of a reload while the files of the certificate are no good, and says so', async () => {
  const branch = at('branch');
  await writeFile(file('branch', 'depot.pem'), 'half a certifi');
  await branch.configure({ poll: { every: '17m' } });
  const { exitCode, stdout } = await branch.cli('reload');
  expect(exitCode).toBe(10);
  expect(stdout.replace(/\s+/g, ' ')).toContain('in force now: poll.every the certificate was not taken up');
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged', error: null });
  await provide('branch', subjectOf('branch'));
  expect(await control(branch).reload()).toMatchObject({ changed: ['certificate'], certificate: null });
});

it('takes up another certificate at a reload, under another subject of the same depot, while both are mapped', async () => {
  const { branch, old } = { branch: at('branch'), old: await pki.issueTo(subjectOf('branch')) };
  const subject = subjectOf('branch-2027');
  await succeeds(at('origin').cli('subject', 'add', subject, '--depot', 'branch', '--site', sites.branch));
  await pollAll(at('region'));
  await pollAll(branch);
  await provide('branch', subject);
  expect((await control(branch).reload()).changed).toEqual(['certificate']);
  expect((await branch.cli('cert')).stdout).toContain(`subject ${subject}`);
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged', error: null });
  expect(await asksAs(old, 'region')).toMatchObject({ depot: 'region' });

  await succeeds(at('origin').cli('subject', 'remove', subjectOf('branch')));
  await pollAll(at('region'));
  expect(await asksAs(old, 'region')).toMatchObject({ code: 'certificate-refused' });
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged', error: null });
});

it('says when a third of its life is left, as a person has to renew it', async () => {
  const branch = at('branch');
  expect((await statusOf(branch)).certificate).toMatchObject({ provided: true, error: null });
  await provide('branch', subjectOf('branch-2027'), pki, { from: -5 * dayMs, until: 2 * dayMs });
  await control(branch).reload();
  expect((await statusOf(branch)).certificate?.error).toMatchObject({ code: 'certificate-ends' });
  const { stdout } = await branch.cli('status');
  expect(stdout).toContain('the certificate of this depot ends in');
  expect(stdout).toContain('depot reload');
  expect((await branch.cli('cert')).stdout).toContain('a third of its life or less is left');
  await provide('branch', subjectOf('branch-2027'));
  await control(branch).reload();
});

it('revokes one certificate by its serial number, also on a connection that is open, and accepts another', async () => {
  const { origin, region, branch } = { origin: at('origin'), region: at('region'), branch: at('branch') };
  const without = await origin.cli('revoke', 'branch');
  expect(without.exitCode).toBe(2);
  expect(without.stderr).toContain('--serial');
  const serial = (await control(branch).trust.certificates()).own?.serial ?? '';
  const open = await openConnection(branch);
  const closed = once(open, 'close', { signal: AbortSignal.timeout(10_000) });
  await succeeds(origin.cli('revoke', 'branch', '--serial', serial.toUpperCase()));
  await pollAll(region);
  await closed;
  expect((await cycle(branch)).error?.message).toContain('is revoked');
  await provide('branch', subjectOf('branch-2027'));
  await control(branch).reload();
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged', error: null });
});

it('cuts a depot off whose subject is removed, one level a poll, on open connections too', async () => {
  const { origin, region, branch } = { origin: at('origin'), region: at('region'), branch: at('branch') };
  const own = await origin.cli('subject', 'remove', subjectOf('origin'));
  expect(own.exitCode).toBe(2);
  const open = await openConnection(branch);
  const session = await sessionOf(branch);
  await succeeds(origin.cli('subject', 'remove', subjectOf('branch-2027')));
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged', error: null });
  expect(open.destroyed).toBe(false);
  const closed = once(open, 'close', { signal: AbortSignal.timeout(10_000) });
  await pollAll(region);
  await closed;
  expect((await cycle(branch)).error).toMatchObject({
    code: 'certificate-refused',
    message: expect.stringContaining(`has the subject "${subjectOf('branch-2027')}"`) as string,
  });
  expect(await differences(source, branch.tree('tools'))).toBe('');

  const resuming = { ...inNameOf(branch), session };
  const resumed = request(stateOf('region'), resuming).end();
  const [answer] = (await once(resumed, 'response')) as [IncomingMessage];
  expect((answer.socket as TLSSocket).isSessionReused()).toBe(true);
  expect(await json(answer)).toMatchObject({ code: 'certificate-refused' });
});

it.each([
  ['that is no depot by the map', 'stranger', 'which the directory here maps to no depot'],
  ['that stands below', 'branch', `branch at ${sites.branch} cannot be the parent`],
])('takes nothing from a parent %s', async (_, name, flaw) => {
  const region = at('region');
  await succeeds(adds('branch', sites.branch));
  await pollAll(region);
  const { key, chain: cert } = await pki.issueTo(subjectOf(name));
  const impostor = createServer({ key, cert, minVersion: 'TLSv1.3' }, (_, response) => response.end('{}'));
  await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
  const { port } = impostor.address() as AddressInfo;
  await region.configure({ parent: `https://127.0.0.1:${port}` });
  await control(region).reload();
  const { error } = await cycle(region);
  await region.configure({ parent: urlOf('origin') });
  await control(region).reload();
  impostor.closeAllConnections();
  impostor.close();
  expect(error?.code).toBe('certificate-refused');
  expect(error?.message).toContain(flaw);
});

it('follows the PKI to another root: both are trusted, then the new one', async () => {
  const { origin, region } = { origin: at('origin'), region: at('region') };
  const next = await certificateAuthority('Example 2');
  const anchors = async (...roots: string[]): Promise<CommandResult> => {
    await writeFile(join(folder, 'roots.pem'), roots.join(''));
    return origin.cli('ca', 'anchors', join(folder, 'roots.pem'));
  };
  expect((await anchors(next.root)).exitCode).toBe(10);
  await succeeds(anchors(pki.root, next.root));
  await pollAll(region);
  await provide('region', subjectOf('region'), next);
  await provide('origin', subjectOf('origin'), next);
  await control(region).reload();
  expect(await cycle(region)).toMatchObject({ outcome: 'unchanged', error: null });
  await control(origin).reload();
  await succeeds(anchors(next.root));
  expect(await cycle(region)).toMatchObject({ outcome: 'unchanged', error: null });
  expect((await control(region).trust.certificates()).anchors).toHaveLength(1);
});

it('starts again with the certificate that it has, where its files are gone', async () => {
  const region = at('region');
  await region.stop();
  await writeFile(file('region', 'depot.pem'), '');
  await region.start();
  expect(await cycle(region)).toMatchObject({ outcome: 'unchanged', error: null });
  expect(region.log()).toContain('the certificate was not taken up');
});

/** A session of TLS that the branch can resume with the region. */
async function sessionOf(branch: Depot): Promise<Buffer> {
  const asked = request(stateOf('region'), inNameOf(branch)).end();
  const [socket] = (await once(asked, 'socket')) as [TLSSocket];
  const [[answer], [session]] = (await Promise.all([once(asked, 'response'), once(socket, 'session')])) as [
    [IncomingMessage],
    [Buffer],
  ];
  answer.resume();
  return session;
}

/** A connection of the branch to the region, over which something was asked and answered. */
async function openConnection(branch: Depot): Promise<Socket> {
  // Of options of a request newer versions of Node keep no connection.
  const named = { ...certificateOf(branch), checkServerIdentity: () => undefined };
  const agent = new Agent({ keepAlive: true, ...named });
  onTestFinished(() => agent.destroy());
  const asked = request(stateOf('region'), { agent }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const { socket } = answer;
  answer.resume();
  await once(answer, 'end');
  return socket;
}
