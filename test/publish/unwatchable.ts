// Publishes the folder of its argument where the system allows few watches, and prints the state of the source.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { realHost } from '../../src/host.js';
import { MirrorPublisher } from '../../src/publish/publisher.js';
import { inlineJobs } from '../../src/store/job.js';
import { Store } from '../../src/store/store.js';
import { travelFreely } from '../../src/model/travel.js';
import { usualLifetimes } from '../harness/lifetimes.js';

const data = mkdtempSync(join(tmpdir(), 'depotd-test-'));
const store = Store.open(data);
const ignore = (): void => undefined;
const publisher = new MirrorPublisher(
  {
    repository: 'tools',
    context: 'enterprise',
    source: process.argv[2] ?? '',
    settleMs: 100,
    exclude: [],
    names: 'portable',
    watchLimit: 1000,
    rescanMs: 60_000,
    encodeWaitMs: 60_000,
    deltaGenerations: 3,
    travel: travelFreely,
  },
  {
    store,
    run: inlineJobs(store),
    host: realHost,
    lifetimes: () => usualLifetimes,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  },
);
publisher.start();
for (let waitedMs = 0; publisher.status().mode !== 'rescanned' && waitedMs < 10_000; waitedMs += 50) await delay(50);
process.stdout.write(JSON.stringify(publisher.status()));
await publisher.stop();
store.close();
rmSync(data, { recursive: true });
