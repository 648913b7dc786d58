import { expect, it } from 'vitest';
import { demo, isRunning, nothing, start, startOnTerminal } from './running.js';

it('says that it shows lines where the output is no terminal, and leaves nothing behind after SIGINT', async () => {
  const running = await start(demo);
  await running.says('as with --once');
  await running.says('publishes generation 1');
  const { processes } = await running.traces();
  expect(await running.daemons()).toHaveLength(7);
  running.process.kill('SIGINT');

  expect(await running.ended).toBe(130);
  expect(await running.traces()).toEqual(nothing);
  expect(processes.filter(isRunning)).toEqual([]);
}, 120_000);

it('leaves nothing behind when its terminal goes away', async () => {
  const running = await startOnTerminal();
  await running.says('fetching');
  const { processes } = await running.traces();
  expect(processes.length).toBeGreaterThan(0);
  running.process.kill('SIGKILL');

  await expect.poll(running.traces, { timeout: 30_000 }).toEqual(nothing);
}, 120_000);
