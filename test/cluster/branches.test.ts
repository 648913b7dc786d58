import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ownWindows } from '../../src/config/network.js';
import { parseSettings } from '../../src/config/settings.js';
import { OwnLine } from '../../src/daemon/own-line.js';
import type { Host } from '../../src/host.js';
import { DepotError } from '../../src/model/errors.js';
import { bytesPerSecond } from '../../src/model/rate.js';
import { sha256 } from '../../src/model/sha256.js';
import { rateAt } from '../../src/model/windows.js';
import { Uploads } from '../../src/serve/uploads.js';
import { noise } from '../encoding/noise.js';
import { hurriedHost } from '../harness/hurried-host.js';
import { temporaryFolder } from '../harness/temporary.js';
import { childSite, hosted, type Hosted } from '../serve/hosted.js';

const hour = 3_600_000;
/** The clock of Europe is changed in the second night, that of New York a week later. */
const start = Date.parse('2026-10-24T06:00:00Z');

const branches = {
  munich: 'timezone: Europe/Berlin\n  windows: [{ from: "22:00", to: "05:00", rate: 64kbit/s }]\n  otherwise: closed',
  boston: 'timezone: America/New_York\n  windows: [{ days: [sat, sun], rate: 48kbit/s }]\n  otherwise: closed',
  delhi: 'timezone: Asia/Kolkata\n  windows: [{ from: "09:30", to: "18:00", rate: closed }]\n  otherwise: 32kbit/s',
  sydney:
    'timezone: Australia/Sydney\n  windows: [{ from: "02:15", to: "02:45", rate: 64kbit/s }]\n  otherwise: closed',
} as const;

/** What came when. */
interface Came {
  readonly atMs: number;
  readonly bytes: number;
}

/** Polls each half hour until all is here or time is over; goes on where it was. */
async function branch(depot: Hosted, name: keyof typeof branches, host: Host, content: Buffer) {
  const text = `depot: ${name}\nsite: ${childSite}\nnetwork:\n  ${branches[name]}\n`;
  const { network } = parseSettings(text, 'f');
  const own = new OwnLine(host, network, join(await temporaryFolder(), '.line.json'));
  onTestFinished(() => own.stop());
  const client = depot.child(name, childSite, { line: own.line });
  const came: Came[] = [];
  let at = 0;
  while (host.now() < start + 48 * hour && at < content.length) {
    own.line.polled('tools');
    await client.state('tools');
    try {
      const body = await client.object('tools', sha256(content), content.length, at);
      for await (const chunk of body.chunks) {
        expect(Buffer.compare(chunk, content.subarray(at, at + chunk.length))).toBe(0);
        came.push({ atMs: host.now(), bytes: chunk.length });
        at += chunk.length;
      }
    } catch (error) {
      if (!(error instanceof DepotError) || error.code !== 'window-closed') throw error;
    }
    await host.sleep(hour / 2);
  }
  return { name, windows: ownWindows(network), came, at, closedBytes: own.line.closedBytes };
}

it('brings each byte of four branches in a window of its own, in 48 hours around a change of the clocks', async () => {
  const names = Object.keys(branches) as (keyof typeof branches)[];
  let left = names.length;
  const host = hurriedHost(start, () => left);
  const windows = { zone: 'UTC', list: [], otherwise: 'unlimited' } as const;
  const depot = await hosted({ uploads: new Uploads(host, () => ({ windows, eachChild: 'unlimited', atOnce: 4 })) });
  const content = Buffer.from(noise(1_500_000, 9, 1_500_000));
  await depot.publish('tools', { large: content });
  const ended = await Promise.all(names.map((name) => branch(depot, name, host, content).finally(() => (left -= 1))));
  for (const { name, windows: own, came, at, closedBytes } of ended) {
    for (const { atMs, bytes } of came) {
      // The frame that was under way at closing time still comes: two seconds of the line.
      const rate = Math.max(bytesPerSecond(rateAt(own, atMs).rate), bytesPerSecond(rateAt(own, atMs - 3_000).rate));
      expect(rate, `${name}: ${bytes} bytes at ${new Date(atMs).toISOString()}`).toBeGreaterThan(0);
    }
    expect(at, name).toBe(content.length);
    expect(closedBytes, name).toBeLessThan(96 * 64 * 1024);
  }
});
