import { expect, it } from 'vitest';
import { realHost } from '../../src/host.js';
import { publishGeneration } from '../../src/publish/generation.js';
import { tree } from '../harness/tree.js';
import { master } from './master.js';

it('signs again what is the newest generation when its turn comes, not when it was asked to', async () => {
  const { source, publisher, store } = await master();
  await tree(source, { a: 'a' });
  await publisher.publish();
  let go = (): void => undefined;
  const busy = publisher.signer.alone(() => new Promise<void>((resolve) => (go = resolve)));
  const moved = { context: 'enterprise/germany', kind: 'mirror' } as const;
  const published = publishGeneration(store, realHost, publisher.signer, 'tools', moved, null);
  const again = publisher.signAgain();
  // Its turn begins in a microtask.
  await Promise.resolve();
  go();
  await Promise.all([busy, published]);
  expect(await again).toBe(3);
  expect(store.heads.list('tools').map(({ head }) => head.context)).toEqual([
    'enterprise/germany',
    'enterprise/germany',
    'enterprise',
  ]);
  // The second was not finished, and the third has its content.
  expect(store.heads.list('tools').map(({ complete }) => complete !== undefined)).toEqual([false, false, true]);
});
