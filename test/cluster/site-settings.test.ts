import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SettingsInForce } from '../../src/model/shown-settings.js';
import type { ReloadResult } from '../../src/model/status.js';
import { noise } from '../encoding/noise.js';
import type { Depot } from '../harness/depot.js';
import { bytes, differences, tree } from '../harness/tree.js';
import { control, cycle, mirror, pollAll, publish, startChain, statusOf } from './chain.js';

const germany = 'enterprise/germany';
const closed = { [germany]: { network: { otherwise: 'closed' }, poll: { every: '2h' } } };
const byHand = { every: '5m', 'at-start': false };
const slow = { network: { otherwise: '8Mbit/s', frame: '16KiB' }, poll: byHand };
const munich = { network: { otherwise: '8Mbit/s' }, poll: byHand };

async function give(origin: Depot, sites: unknown): Promise<ReloadResult> {
  await origin.configure({ sites });
  return control(origin).reload();
}

it('brings settings by site down one level a poll, and holds a branch to them that allows itself more', async () => {
  const { origin, region, branch, source } = await startChain({ a: 'a' }, { branch: munich });
  await pollAll(region);
  await pollAll(branch);
  const { changed, signed: generation } = await give(origin, closed);
  expect(changed).toEqual([`sites.${germany}`]);
  expect((await give(origin, closed)).signed).toBeUndefined();
  expect(await givenBy(region)).toMatchObject({ generation });
  expect((await statusOf(region)).line).toMatchObject({ rate: 'closed', limited: true });
  expect(await statusOf(branch)).toMatchObject({ given: null, line: { rate: 1_000_000, limited: false } });

  await givenBy(branch);
  const status = await statusOf(branch);
  expect(status).toMatchObject({
    given: { generation, network: germany, poll: germany },
    line: { rate: 'closed', limited: true, ordered: false, opensAt: null },
  });
  expect(status.given?.warnings).toEqual([
    expect.stringMatching(
      /^poll\.every: 5m \(.*depot\.yaml:\d+\) is more often than 2h, set for enterprise\/germany in /,
    ),
    expect.stringMatching(
      /^network\.otherwise: 8Mbit\/s \(.*depot\.yaml:\d+\) is open while it is closed now, set for /,
    ),
  ]);
  const nextAt = Date.parse(status.repositories[0]?.poll?.nextAt ?? '');
  expect(nextAt - Date.now()).toBeGreaterThan(7_190_000);
  const told = branch.records().map(({ msg }) => String(msg));
  for (const warning of status.given?.warnings ?? []) expect(told).toContain(warning);
  const check = await branch.cli('config', 'check');
  expect(check.stderr).toContain('8Mbit/s');
  expect(check.stdout).toContain('within     line and polls as set for enterprise/germany');
  expect((await branch.cli('windows')).stdout).toMatch(/closed +- +as the directory sets it/);

  await tree(source, { b: bytes(noise(100_000, 1, 100_000)) });
  await publish(origin);
  expect(await cycle(region)).toMatchObject({ outcome: 'waiting', error: { code: 'window-closed' } });
  await control(branch).orderLine({ rate: 'unlimited', forMs: null });
  expect((await statusOf(branch)).line).toMatchObject({ rate: 'closed', ordered: true, limited: true });
  await control(branch).orderLine(null);

  // A longer site wins, whatever it says; and what is given no more is the depot's own again.
  await give(origin, { ...closed, 'enterprise/germany/munich': { network: { otherwise: '4Mbit/s' } } });
  await cycle(region);
  await cycle(branch);
  expect(await statusOf(region)).toMatchObject({ given: { network: germany }, line: { rate: 'closed' } });
  expect(await statusOf(branch)).toMatchObject({
    given: { network: 'enterprise/germany/munich', poll: germany },
    line: { rate: 500_000 },
  });
  // A file that has lost the key lifts no limits.
  expect((await give(origin, undefined)).signed).toBeUndefined();
  const warning = `sites: is not in the file, so what was signed for ${germany}, ${germany}/munich stays in force`;
  expect((await statusOf(origin)).directory?.error).toMatchObject({ code: 'config-invalid' });
  expect((await origin.cli('status')).stdout.replace(/\s+/g, ' ')).toContain(warning);
  expect((await origin.cli('config', 'check')).stderr).toContain(`${warning}; put it back, or write sites: {}`);
  expect((await origin.cli('status', '--check')).exitCode).toBe(4);
  expect((await statusOf(region)).line).toMatchObject({ rate: 'closed' });
  await give(origin, {});
  expect((await statusOf(origin)).directory?.error).toBeNull();
  await expect.poll(() => nothingGiven(region), { timeout: 20_000 }).toBe(true);
  await expect.poll(async () => (await cycle(region)).toGeneration, { timeout: 20_000 }).toBe(2);
  await expect.poll(() => nothingGiven(branch), { timeout: 20_000 }).toBe(true);
  await expect.poll(async () => (await cycle(branch)).toGeneration, { timeout: 20_000 }).toBe(2);
  expect(await differences(source, branch.tree('tools'))).toBe('');
});

it('closes the line in the middle of a transfer, and keeps it closed over a restart while the parent is away', async () => {
  const large = bytes(noise(2_000_000, 2, 2_000_000));
  const { cluster, origin, region, branch, source } = await startChain({ a: 'a' }, { branch: slow });
  const other = `${cluster.folder}/other`;
  await tree(other, { b: 'b' });
  await origin.configure({ repositories: { tools: mirror(source), other: mirror(other) } });
  await control(origin).reload();
  await publish(origin, 'other');
  await pollAll(region);
  await pollAll(branch);

  await tree(source, { large });
  await publish(origin);
  await pollAll(region);
  const transfer = cycle(branch);
  const arrived = async (): Promise<number> =>
    (await statusOf(branch)).repositories.find(({ name }) => name === 'tools')?.cycle?.bytes.done ?? 0;
  await expect.poll(arrived, { timeout: 20_000 }).toBeGreaterThan(100_000);
  await give(origin, closed);
  await cycle(region, 'other');
  await cycle(branch, 'other');
  const learned = partial(branch);
  expect(await transfer).toMatchObject({ outcome: 'waiting', error: { code: 'window-closed' } });
  // The frames that were under way.
  expect(partial(branch) - learned).toBeLessThan(6 * 16 * 1024);

  await region.stop();
  await branch.stop();
  const offline = await branch.json<SettingsInForce>('config', 'show', '--effective');
  expect(offline).toMatchObject({ running: false, directory: 'elsewhere', unknown: [] });
  expect((await branch.json<{ given: unknown }>('status')).given).toMatchObject({ network: germany });
  await branch.start();
  expect(await statusOf(branch)).toMatchObject({
    given: { network: germany },
    line: { rate: 'closed', limited: true },
  });
  const shown = await branch.json<SettingsInForce>('config', 'show', '--effective');
  expect(shown).toEqual({ ...offline, running: true });
  await branch.configure({ log: 'loud' });
  const broken = await branch.json<SettingsInForce>('config', 'show', '--effective');
  expect(broken.settings).toEqual(shown.settings);
  expect(broken.warnings.at(-1)).toMatch(/depot\.yaml has problems: depot config check/);
  await branch.configure({ log: 'debug' });
  const edited = await branch.json<SettingsInForce>('config', 'show', '--effective');
  expect(edited.warnings.at(-1)).toMatch(/depot\.yaml says something else by now: depot reload takes it over/);
  const origins = Object.fromEntries(
    shown.settings.map(({ key, value, origin, beside }) => [key, { value, origin, beside }]),
  );
  expect(origins).toMatchObject({
    'poll.every': { value: '2h', origin: { kind: 'directory', site: germany }, beside: { value: '5m', counts: 'no' } },
    'poll.jitter': { value: '10%', origin: { kind: 'default' }, beside: null },
    'network.otherwise': {
      ...{ value: '8Mbit/s', origin: { kind: 'file', file: branch.config } },
      beside: { value: 'closed', origin: { kind: 'directory', site: germany }, counts: 'at-every-moment-the-stricter' },
    },
  });
});

it('is refused with its place where the directory is not held, and told where no depot stands', async () => {
  const { origin, region } = await startChain({ a: 'a' });
  await region.configure({ sites: closed });
  const refused = await region.cli('config', 'check');
  expect(refused.exitCode).toBe(4);
  expect(refused.stderr).toMatch(/depot\.yaml:\d+:1: sites: .*the origin, where depot ca init was run/);
  await expect(control(region).reload()).rejects.toMatchObject({ code: 'config-invalid' });

  await give(origin, { 'enterprise/germny': { poll: { every: '1h' } } });
  const check = await origin.cli('config', 'check');
  expect(check.stderr).toContain('no depot is known at this site or below; did you mean enterprise/germany?');
  expect(origin.log()).toContain('did you mean enterprise/germany?');
});

/** Polls, and gives what the directory sets then. */
async function givenBy(depot: Depot): Promise<{ generation: number }> {
  await pollAll(depot);
  const { given } = await statusOf(depot);
  if (given === null) throw new Error(`the directory gives ${depot.name} nothing`);
  return given;
}

async function nothingGiven(depot: Depot): Promise<boolean> {
  await cycle(depot);
  return (await statusOf(depot)).given === null;
}

/** Bytes of the largest file that is not whole yet. */
function partial({ data }: Depot): number {
  const staging = join(data, 'staging');
  return Math.max(0, ...readdirSync(staging).map((name) => statSync(join(staging, name)).size));
}
