import { expect, it, onTestFinished } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import { ParentClient } from '../../src/protocol/client.js';
import type { Parent } from '../../src/sync/parents.js';
import { learnUploads } from '../../src/sync/upload-plan.js';
import { answering } from '../protocol/misbehaving.js';

const dates = (most: number) => Array.from({ length: most }, (_, day) => [day, day]);
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const window = { dates: null, days: null, fromMinute: 0, toMinute: 1, rate: 'closed' };

it.each([
  [
    'as many windows as forecasts can reckon with',
    Array.from({ length: 50 }, () => ({ ...window, dates: dates(50) })),
    true,
  ],
  ['one more', Array.from({ length: 51 }, () => window), false],
  ['a window of too many dates', [{ ...window, dates: dates(51) }], false],
  ['so many that they are not read', Array.from({ length: 3_000 }, () => window), false],
])('takes %s as a plan only where it is no load', async (_, list, isPlan) => {
  const own = { zone: 'UTC', list, otherwise: 'unlimited' };
  const plan = { windows: { ...own, within: own }, eachChild: 'unlimited' };
  const url = await answering((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(plan)),
  );
  const client = new ParentClient({ url, depot: 'munich-1', site: 'enterprise/germany', version: '0.1.0' });
  onTestFinished(() => client.close());
  const parent: Pick<Parent, 'url' | 'client' | 'uploads'> = { url, client, uploads: undefined };
  const named = sha256('plan');
  await learnUploads({ log } as never, parent as never, named, AbortSignal.timeout(10_000));
  expect(parent.uploads).toEqual({ hash: named, plan: isPlan ? plan : undefined });
});
