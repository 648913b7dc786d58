import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeDepot } from '../harness/depot.js';
import { hurriedHost } from '../harness/hurried-host.js';
import { daemonsInside } from '../harness/inside.js';
import { freePorts } from '../harness/port.js';
import { temporaryFolder } from '../harness/temporary.js';
import { publish } from './chain.js';
import { watchedLine } from './inside.js';

const gigabyte = 1_000_000_000;
/** 64 kbit/s: a day and a half. */
const rate = 8_000;
/** Every five seconds of the line. */
const cutAfterBytes = 40_000;
/** Seven hundred thousand steps and 25,000 connections: ten minutes, or an hour on a machine that has much else to do. */
const patienceMs = 90 * 60_000;

it(
  'moves each byte of a gigabyte once over 64 kbit/s, though the line is cut every few seconds',
  async () => {
    const host = hurriedHost(Date.now(), { silenceMs: 200 });
    const folder = await temporaryFolder();
    const startDaemon = await daemonsInside(host);
    const [above = 0, below = 0] = await freePorts(2);
    const source = join(folder, 'source');
    await mkdir(source);
    for (let left = gigabyte; left > 0; left -= 1e8) await appendFile(join(source, 'image'), randomBytes(1e8));
    const origin = await makeDepot(join(folder, 'origin'), {
      depot: 'origin',
      site: 'enterprise',
      data: join(folder, 'origin/data'),
      listen: `http://127.0.0.1:${above}`,
      repositories: { tools: { kind: 'mirror', context: 'enterprise', source, settle: '1h' } },
    });
    await startDaemon(origin.config);
    const generation = await publish(origin);
    const line = await watchedLine(host, above, cutAfterBytes);
    const branch = await makeDepot(join(folder, 'branch'), {
      depot: 'branch',
      site: 'enterprise/branch',
      data: join(folder, 'branch/data'),
      listen: `http://127.0.0.1:${below}`,
      parent: line.url,
      network: { otherwise: '64kbit/s' },
    });
    const startedAt = host.now();
    const daemon = await startDaemon(branch.config);
    while (daemon.store.trees.get('tools')?.generation !== generation) {
      // A day and a half, and what passes on this clock while real work is done.
      if (host.now() > startedAt + 200 * 3_600_000) throw new Error(`only ${line.bytes()} bytes in 200 hours`);
      await host.sleep(60_000);
    }
    const seconds = (host.now() - startedAt) / 1000;
    expect(line.connections()).toBeGreaterThan(gigabyte / cutAfterBytes);
    // Each connection and each frame of two seconds has an answer with headers; nothing else comes twice.
    const frames = gigabyte / (2 * rate);
    expect(line.bytes()).toBeLessThan(gigabyte + 600 * (frames + line.connections()));
    expect(line.bytes() / seconds).toBeLessThan(rate * 1.02);
    await rm(source, { recursive: true });
  },
  patienceMs,
);
