import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ownWindows } from '../../src/config/network.js';
import { loadSettings } from '../../src/config/settings.js';
import { spans } from '../../src/model/windows.js';
import { noise } from '../encoding/noise.js';
import { makeDepot } from '../harness/depot.js';
import { hurriedHost } from '../harness/hurried-host.js';
import { daemonsInside } from '../harness/inside.js';
import { freePorts } from '../harness/port.js';
import { folderInMemory } from '../harness/temporary.js';
import { publish } from './chain.js';
import { watchedLine } from './inside.js';

const hour = 3_600_000;

const branches = {
  munich: {
    timezone: 'Europe/Berlin',
    windows: [{ from: '22:00', to: '05:00', rate: '64kbit/s' }],
    otherwise: 'closed',
  },
  boston: {
    timezone: 'America/New_York',
    windows: [{ from: '18:00', to: '23:00', rate: '48kbit/s' }],
    otherwise: 'closed',
  },
  delhi: { timezone: 'Asia/Kolkata', windows: [{ from: '09:30', to: '18:00', rate: 'closed' }], otherwise: '32kbit/s' },
  sydney: {
    timezone: 'Australia/Sydney',
    windows: [{ from: '02:15', to: '05:15', rate: '64kbit/s' }],
    otherwise: 'closed',
  },
} as const;

it('brings each byte of four branches in a window of its own, in 48 hours of whole daemons', async () => {
  // Not a day when clocks are changed: what is signed here has to be valid by the real clock, too. `branches.test.ts` has that.
  const start = Date.now();
  const host = hurriedHost(start, { silenceMs: 2 });
  const folder = await folderInMemory();
  const startDaemon = await daemonsInside(host);
  const names = Object.keys(branches) as (keyof typeof branches)[];
  const ports = await freePorts(1 + names.length);

  const source = join(folder, 'source');
  await mkdir(source, { recursive: true });
  const listen = (at: number): string => `http://127.0.0.1:${ports[at]}`;
  const origin = await makeDepot(join(folder, 'origin'), {
    depot: 'origin',
    site: 'enterprise',
    data: join(folder, 'origin/data'),
    listen: listen(0),
    repositories: { tools: { kind: 'mirror', context: 'enterprise', source, settle: '1h' } },
  });
  await startDaemon(origin.config);
  const below = await Promise.all(
    names.map(async (name, at) => {
      const line = await watchedLine(host, ports[0] ?? 0);
      const { config } = await makeDepot(join(folder, name), {
        depot: name,
        site: `enterprise/${name}`,
        data: join(folder, name, 'data'),
        listen: listen(at + 1),
        parent: line.url,
        poll: { every: '30m' },
        network: branches[name],
      });
      return { name, line, config, daemon: await startDaemon(config) };
    }),
  );

  // Something large for the first night, and something small a day later.
  let published = 0;
  for (const [day, bytes] of [300_000, 10_000].entries()) {
    await writeFile(join(source, `day-${day}`), noise(bytes, day, bytes));
    published = await publish(origin);
    while (host.now() < start + 24 * (day + 1) * hour) await host.sleep(hour / 4);
  }

  for (const { name, line, config, daemon } of below) {
    const windows = ownWindows((await loadSettings(config)).network);
    for (const { fromMs, untilMs, rate } of spans(windows, start, start + 48 * hour)) {
      // A frame that was under way at closing time still comes: two seconds of the line.
      const late = fromMs === start ? 0 : 5_000;
      const inside = line.crossings.filter(({ atMs }) => atMs >= fromMs + late && atMs < untilMs);
      const bytes = inside.reduce((sum, each) => sum + each.bytes, 0);
      const seconds = (untilMs - fromMs) / 1000;
      const asked = inside.flatMap(({ path }) => path ?? []);
      const polls = asked.filter((path) => path.endsWith('/state')).length;
      const where = `${name} from ${new Date(fromMs).toISOString()}`;
      if (rate === 'closed') {
        expect(
          asked.filter((path) => /\/(objects|bundle)/.test(path)),
          where,
        ).toEqual([]);
        expect(bytes, where).toBeLessThanOrEqual((polls + 1) * 64 * 1024);
      } else if (typeof rate === 'number') {
        expect(bytes, where).toBeLessThan(rate * seconds + 32_000);
      }
    }
    expect(daemon.store.trees.get('tools')?.generation, name).toBe(published);
  }
});
