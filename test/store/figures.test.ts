import { expect, test } from 'vitest';
import { repositoryFigures } from '../../src/store/figures.js';
import { temporaryStore } from './fixture.js';

test('a row tells why a poll failed; to wait for a window is no failure', async () => {
  const store = await temporaryStore();
  const poll = { repository: 'tools', parent: 'https://a', lastAtMs: 1 } as const;
  const error = (): string | null =>
    repositoryFigures(store, 'tools', { role: 'child', selection: null, demand: [] }, 2).error;
  expect(error()).toBeNull();
  const closed = { code: 'window-closed', message: 'tools waits for the window', hint: null } as const;
  store.polls.put({ ...poll, lastOutcome: 'waiting', error: closed });
  expect(error()).toBeNull();
  const full = { code: 'disk-full', message: 'no space is left', hint: null } as const;
  store.polls.put({ ...poll, lastOutcome: 'failed', error: full });
  expect(error()).toBe('no space is left');
});
