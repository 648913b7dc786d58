import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { tree } from '../harness/tree.js';
import { answering, relayTo } from '../protocol/misbehaving.js';
import { control, cycle, pollAll, publish, startPair, statusOf } from './chain.js';
import { unlike } from './unlike.js';

it('tries depotd out over plain HTTP on loopback: nobody is authenticated, and the roots met first are believed', async () => {
  const { source, origin, region } = await startPair({ file: 'one' }, {}, onTestFinished, 'http');
  expect(origin.url).toMatch(/^http:/);
  expect(await pollAll(region)).toMatchObject([{ outcome: 'applied', toGeneration: 1 }]);
  expect(await unlike(source, region.tree('tools'))).toEqual([]);

  expect((await region.cli('status')).stdout).toContain('unauthenticated');
  expect(await statusOf(region)).toMatchObject({ parents: [{ depot: 'origin', authenticated: false }] });
  expect(await statusOf(origin)).toMatchObject({ children: [{ depot: 'region', authenticated: false }] });
  expect(await control(region).trust.certificates()).toMatchObject({ own: null, issued: null });
  const root = '1.root.json';
  const rootOf = (data: string): Promise<string> => readFile(`${data}/metadata/tools/${root}`, 'utf8');
  expect(await rootOf(region.data)).toBe(await rootOf(origin.data));

  await tree(source, { file: 'two' });
  await publish(origin);
  expect(await cycle(region)).toMatchObject({ outcome: 'applied', toGeneration: 2 });

  const relay = await relayTo(origin.url);
  await region.configure({ parent: relay.url });
  await region.json('reload');
  await pollAll(region);
  const before = { bytes: relay.bytes(), requests: requestsIn(relay.text()) };
  expect(await cycle(region)).toMatchObject({ outcome: 'unchanged' });
  expect(requestsIn(relay.text()) - before.requests).toBe(1);
  expect(relay.bytes() - before.bytes).toBeLessThan(1000);

  const page = '<!DOCTYPE html><title>Sign in</title>';
  const url = await answering((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page));
  await region.configure({ parent: url });
  await region.json('reload');
  expect((await cycle(region)).error?.message).toContain('HTML');
  expect((await statusOf(region)).parents).toMatchObject([{ url, answers: 'no', error: { code: 'parent-answer' } }]);
  expect(await unlike(source, region.tree('tools'))).toEqual([]);
});

function requestsIn(text: string): number {
  return text.match(/(GET|HEAD|POST) \S+ HTTP\/1\.1\r\n/g)?.length ?? 0;
}
