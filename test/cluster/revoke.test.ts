import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { afterTheLast } from '../harness/temporary.js';
import { command } from '../harness/command.js';
import { depotOf, type Depot } from '../harness/depot.js';
import { readTree } from '../harness/tree.js';
import { asks, certificateOf, inNameOf } from './certificate.js';
import { control, cycle, pollAll, sites, startChain, statusOf, type Chain } from './chain.js';

let chain: Chain;
/** The branch after it came back. */
let returned: Depot | undefined;

const whenDone = afterTheLast();
beforeAll(async () => {
  chain = await startChain({ file: 'content' }, {}, whenDone);
  await pollAll(chain.region);
  await pollAll(chain.branch);
  afterAll(() => returned?.stop().then(() => undefined));
});

const stateOf = (depot: Depot): string => `${depot.url}/v1/repositories/tools/state`;

it('renews a certificate two levels below the CA, and connections go on with the new one and with the old', async () => {
  const { origin, region, branch } = chain;
  const own = async (): Promise<string | undefined> => (await control(branch).trust.certificates()).own?.serial;
  const before = await own();
  const old = inNameOf(branch);
  expect((await branch.cli('cert', '--renew')).exitCode).toBe(0);
  const after = await own();
  expect(after).not.toBe(before);
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged', error: null });

  const asked = request(stateOf(region), old).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  expect(answer.statusCode).toBe(200);
  const { issued } = await control(origin).trust.certificates();
  const serials = issued?.filter(({ depot }) => depot === 'branch').map(({ serial }) => serial);
  expect(serials).toEqual([after, before]);
});

it('cuts a revoked depot off one level a poll, on open connections too; it serves on, and says what happened', async () => {
  const { origin, region, branch } = chain;
  const open = await openConnection(branch, region);
  expect((await region.cli('revoke', 'branch')).exitCode).toBe(2);
  const revoked = await origin.cli('revoke', 'branch');
  expect(revoked.stdout).toContain('revoked 2 certificates of branch');
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged', error: null });
  expect(open.destroyed).toBe(false);

  const closed = once(open, 'close', { signal: AbortSignal.timeout(10_000) });
  await cycle(region);
  await closed;
  const poll = await branch.cli('poll', '--wait');
  expect(poll.exitCode).toBe(10);
  expect(poll.stdout).toContain('is revoked');
  const { stdout } = await branch.cli('status');
  expect(stdout.replace(/\s+/g, ' ')).toContain('is revoked');
  expect((await statusOf(branch)).parents).toMatchObject([{ answers: 'no', error: { code: 'certificate-refused' } }]);

  // Nobody shows it as one that is late: it is none of theirs any more, nor do its old rows come back.
  await cycle(region);
  for (const above of [origin, region]) {
    const { children, below } = await control(above).status({ tree: true });
    expect([...children, ...(below ?? [])].map(({ depot }) => depot)).not.toContain('branch');
  }
  expect((await statusOf(origin)).tally).toMatchObject({ depots: 1, silent: 0 });

  expect(await readTree(branch.tree('tools'))).toEqual({ file: 'content' });
  expect(await asks(region, stateOf(branch))).toMatchObject({ complete: { generation: 1 } });
});

it('is refused at the origin, too, and for whatever climbs', async () => {
  const { origin, branch } = chain;
  expect(await asks(branch, stateOf(origin))).toMatchObject({ code: 'certificate-refused' });
  const { exitCode, stderr } = await branch.cli('cert', '--renew');
  expect(exitCode).toBe(10);
  expect(stderr).toContain('is revoked');
});

it('comes back when it is invited anew, with what it has', async () => {
  const { region, branch } = chain;
  const { stdout: token } = await region.cli('invite', 'branch', '--site', sites.branch);
  await branch.stop();
  const place = ['--listen', branch.url, '--data', branch.data, '--force'];
  expect(await command(branch.config, ['join', ...place], token)).toMatchObject({ exitCode: 0 });
  returned = await depotOf(branch.config);
  await returned.start();
  expect(await cycle(returned)).toMatchObject({ outcome: 'unchanged', toGeneration: 1, error: null });
  await cycle(region);
  expect((await control(chain.origin).status({ tree: true })).below?.map(({ depot }) => depot)).toContain('branch');
});

/** A connection in the name of a depot, over which something was asked and answered. */
async function openConnection(child: Depot, parent: Depot): Promise<Socket> {
  // Of options of a request newer versions of Node keep no connection.
  const named = { ...certificateOf(child), checkServerIdentity: () => undefined };
  const agent = new Agent({ keepAlive: true, ...named });
  onTestFinished(() => agent.destroy());
  const asked = request(stateOf(parent), { agent }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const { socket } = answer;
  answer.resume();
  await once(answer, 'end');
  return socket;
}
