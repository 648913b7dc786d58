import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startCluster } from './cluster.js';
import { temporaryCluster, temporaryFolder } from './temporary.js';
import { differences, tree } from './tree.js';
import { runsTypeScript } from './typescript.js';

it('starts real daemons that know their parents, and polls by hand only', async () => {
  const cluster = await temporaryCluster(async (folder) => {
    const source = join(folder, 'source');
    await tree(source, { 'a.txt': 'text' });
    return {
      origin: { site: 'enterprise', repositories: { tools: { kind: 'mirror', context: 'enterprise', source } } },
      munich: { site: 'enterprise/munich', parent: 'origin' },
    };
  });
  const [origin, munich] = [cluster.depot('origin'), cluster.depot('munich')];
  await origin.publish('tools');
  await munich.poll();
  expect(await differences(join(cluster.folder, 'source'), munich.tree('tools'))).toBe('');
  expect((await munich.status()).parents).toMatchObject([{ url: origin.url, depot: 'origin', answers: 'yes' }]);
});

it('starts a daemon again where the killed one stood', async () => {
  const cluster = await temporaryCluster(() => ({ origin: { site: 'enterprise' } }));
  const origin = cluster.depot('origin');
  const first = origin.pid();
  expect(await origin.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(isRunning(first)).toBe(false);
  await origin.start();
  expect(await origin.status()).toMatchObject({ depot: 'origin', running: true });
});

it('fails to start, and says why, where a daemon ends at once', async () => {
  const folder = await temporaryFolder();
  const depots = {
    origin: { site: 'enterprise' },
    munich: { site: 'enterprise/munich', parent: 'http://127.0.0.1:1' },
  };
  await expect(startCluster(folder, depots)).rejects.toThrow('munich ended with 4 before it was ready');
});

it('does not let pass that a daemon ended unasked', async () => {
  const folder = await temporaryFolder();
  const cluster = await startCluster(folder, { origin: { site: 'enterprise' } });
  cluster.depot('origin').signal('SIGKILL');
  await expect(cluster.close()).rejects.toThrow('origin ended with SIGKILL');
});

it('leaves no daemon behind when the process of the tests is killed', async () => {
  const folder = await temporaryFolder();
  const url = new URL('cluster.ts', import.meta.url).href;
  const script = `import { startCluster } from ${JSON.stringify(url)};
    const cluster = await startCluster(${JSON.stringify(folder)}, { origin: { site: 'enterprise' } });
    console.log(cluster.depot('origin').pid());`;
  const runner = spawn(process.execPath, [...runsTypeScript, '--input-type=module', '-e', script]);
  onTestFinished(() => void runner.kill('SIGKILL'));
  const [printed] = (await once(runner.stdout, 'data')) as [Buffer];
  const pid = Number(printed.toString());
  expect(isRunning(pid)).toBe(true);

  runner.kill('SIGKILL');
  await once(runner, 'close');
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
});

/** A process that has ended may stay in the table until its new parent looks after it. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
