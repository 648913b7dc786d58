import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Maintenance } from '../../src/daemon/maintenance.js';
import { DepotError } from '../../src/model/errors.js';
import type { Log } from '../../src/model/log.js';
import { inlineJobs } from '../../src/store/job.js';
import { Store } from '../../src/store/store.js';
import { temporaryFolder } from '../harness/temporary.js';
import { scriptedHost } from './scripted-host.js';

it('goes on each hour where the directory cannot be read', async () => {
  const store = Store.open(join(await temporaryFolder(), 'data'));
  onTestFinished(() => store.close());
  const host = scriptedHost();
  const told: string[] = [];
  const quiet = (): void => undefined;
  const log: Log = { debug: quiet, info: quiet, error: quiet, warn: (_, message) => void told.push(message) };
  const gone = (): never => {
    throw new DepotError('data-unusable', 'a document of the directory is damaged');
  };
  const maintenance = new Maintenance(store, inlineJobs(store), host, log, () => 0, gone);
  maintenance.start();
  for (let hour = 1; hour <= 2; hour += 1) {
    await host.advance(3_600_000);
    await expect.poll(() => host.sleeping()).toHaveLength(1);
  }
  expect(told).toEqual(['a document of the directory is damaged', 'a document of the directory is damaged']);
  await maintenance.stop();
});
