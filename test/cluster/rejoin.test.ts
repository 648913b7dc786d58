import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { AuthorityFiles } from '../../src/publish/authority-files.js';
import { KeyFiles } from '../../src/store/keys.js';
import { layoutOf } from '../../src/store/layout.js';
import { makeKeyAndRequest } from '../../src/trust/certificate-request.js';
import { issueCertificate } from '../../src/trust/issue.js';
import { afterTheLast } from '../harness/temporary.js';
import { control, cycle, pollAll, sites, startChain, statusOf, type Chain } from './chain.js';

const dayMs = 86_400_000;

let chain: Chain;

const whenDone = afterTheLast();
beforeAll(async () => {
  chain = await startChain({ file: 'content' }, {}, whenDone);
  await pollAll(chain.region);
  await pollAll(chain.branch);
});

/** The branch as it is when it was off, and its certificate ended so many days ago. */
async function offFor(days: number): Promise<void> {
  const { origin, branch } = chain;
  await branch.stop();
  const identity = { depot: 'branch', site: sites.branch };
  const { key, request } = await makeKeyAndRequest(identity);
  const authority = new AuthorityFiles(new KeyFiles(layoutOf(origin.data))).read();
  const life = { nowMs: Date.now(), lifeMs: -days * dayMs };
  const { chain: certificates } = await issueCertificate(authority, request, identity, life);
  await writeFile(join(branch.data, 'keys/.depot/depot.pem'), key + certificates);
  await branch.start();
}

it('lets a depot come back by itself whose certificate ended within the grace, and says so where it passed', async () => {
  const { origin, region, branch } = chain;
  await offFor(12);
  await expect.poll(async () => (await statusOf(branch)).certificate?.error, { timeout: 20_000 }).toBeNull();
  expect(await cycle(branch)).toMatchObject({ outcome: 'unchanged', error: null });
  for (const depot of [region, origin]) {
    expect((await statusOf(depot)).rejoined).toMatchObject([{ depot: 'branch', site: sites.branch }]);
    expect(depot.log()).toContain('branch rejoined with a certificate that ended 12 days ago');
    const { stdout } = await depot.cli('status');
    expect(stdout).toMatch(/branch rejoined .* with a certificate that had ended 12 d before/);
  }
  expect((await origin.cli('cert')).stdout).toMatch(/branch .* came back 12 days after its end/);
  expect((await statusOf(branch)).rejoined).toEqual([]);
});

it('refuses one whose certificate ended longer ago than its parent allows, and says how it comes back', async () => {
  const { region, branch } = chain;
  await region.configure({ rejoin: '10d' });
  await control(region).reload();
  await offFor(12);
  const { exitCode, stderr } = await branch.cli('cert', '--renew');
  expect(exitCode).toBe(10);
  const said = stderr.replace(/\s+/g, ' ');
  expect(said).toContain('expired 12 days ago');
  expect(said).toContain('the grace of 10 days is over');
  expect(said).toContain(`depot invite branch --site ${sites.branch}`);
  expect((await statusOf(branch)).certificate).toMatchObject({ error: { code: 'certificate-ends' } });
  expect((await branch.cli('status')).stdout).toContain('the certificate of this depot ended 12 days ago');
});

it('refuses one where the parent never allows it, and whatever the parent allows after the grace of the directory', async () => {
  const { region, branch } = chain;
  await region.configure({ rejoin: 'never' });
  await control(region).reload();
  expect((await branch.cli('cert', '--renew')).stderr).toContain('expired 12 days ago');
  await region.configure({ rejoin: '3000d' });
  await control(region).reload();
  await offFor(91);
  const { stderr } = await branch.cli('cert', '--renew');
  expect(stderr.replace(/\s+/g, ' ')).toContain('the grace of 90 days is over');
  expect(stderr).toContain('depot invite branch');
});

it("does not start with a certificate of a PKI where depotd's own CA issues them", async () => {
  const { region } = chain;
  await region.stop();
  await region.configure({ certificate: { file: '/etc/pki/depot.pem', key: '/etc/pki/depot.key' } });
  await expect(region.start()).rejects.toThrow('the company has a CA of depotd');
});
