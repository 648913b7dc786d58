import { expect, it } from 'vitest';
import { demo, isRunning, nothing, start, startOnTerminal } from './running.js';

it('takes changes through three levels, and ends with 0 when every copy equals the source', async () => {
  const running = await start([...demo, '--once']);
  await running.says('publishes generation 1');
  const { processes, folders } = await running.traces();
  expect(await running.daemons()).toHaveLength(7);
  expect(folders).toHaveLength(1);

  expect(await running.ended, running.output()).toBe(0);
  expect(running.output()).toContain('Every copy equals the source.');
  expect(await running.traces()).toEqual(nothing);
  expect(processes.filter(isRunning)).toEqual([]);
}, 240_000);

it('draws on a terminal, gives the terminal back at q even while daemons start, and leaves nothing behind', async () => {
  const running = await startOnTerminal();
  await running.says('starting');
  running.process.stdin?.write('q');

  expect(await running.ended).toBe(0);
  expect(running.output()).toMatch(/\u001b\[\?1049l[^\u001b]*done\.\s*$/);
  expect(await running.traces()).toEqual(nothing);
}, 120_000);
