import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { formatRate } from '../../src/config/units.js';
import type { ControlApi } from '../../src/serve/control-api.js';
import { controlClient } from '../../src/serve/control-client.js';
import { layoutOf } from '../../src/store/layout.js';
import { makeCompany } from '../harness/company.js';
import { makeDepot } from '../harness/depot.js';
import type { Namespaces } from './namespaces.js';

const depotd = fileURLToPath(new URL('../../bin/depotd.js', import.meta.url));
/** As the systemd unit starts it. */
const daemon = [process.execPath, '--max-semi-space-size=4', depotd, '--config'];
const quietly = { signal: new AbortController().signal, onEvent: () => Promise.resolve() };

/** What a program is to do: copy a folder from the parent to the child. */
export interface Task {
  readonly folder: string;
  readonly source: string;
  /** Bytes a second; infinite: as fast as it can. */
  readonly rate: number;
  readonly namespaces: Namespaces;
  readonly start: Namespaces['start'];
  /** Where the child finds a port of the parent: on a relay, or itself. */
  readonly relayed: (port: number) => number;
}

/** A program that waits at a port of the parent; `go` begins to copy. */
export interface Ready {
  readonly port: number;
  go(): Promise<void>;
}

export async function readyDepotd({ folder, source, rate, namespaces, start, relayed }: Task): Promise<Ready> {
  const { address } = namespaces;
  const port = 8443;
  const poll = { every: '1h', 'at-start': false };
  const tools = { kind: 'mirror', context: 'enterprise', source, settle: '1h', 'encode-wait': '0ms' };
  const origin = await makeDepot(join(folder, 'origin'), {
    depot: 'origin',
    site: 'enterprise',
    data: join(folder, 'origin/data'),
    listen: `https://${address}:${port}`,
    repositories: { tools },
  });
  const child = await makeDepot(join(folder, 'child'), {
    depot: 'child',
    site: 'enterprise/branch',
    data: join(folder, 'child/data'),
    listen: `https://127.0.0.1:${port}`,
    parent: `https://${address}:${relayed(port)}`,
    poll,
    ...(rate === Infinity ? {} : { network: { otherwise: formatRate(rate) } }),
  });
  await makeCompany(origin.config, [child.config]);
  start('parent', [...daemon, origin.config]);
  start('child', [...daemon, child.config]);
  const [above, below] = await Promise.all([answering(origin.data), answering(child.data)]);
  await above.publish('tools', { wait: true, dryRun: false, acceptSource: false, ...quietly });
  return { port, go: async () => void (await below.poll(null, { wait: false, ...quietly })) };
}

async function answering(data: string): Promise<ControlApi> {
  const api = controlClient({ sockets: [layoutOf(data).controlSocket], data });
  for (let tries = 0; ; tries += 1) {
    try {
      await api.status({ tree: false });
      return api;
    } catch (error) {
      if (tries === 200) throw error;
      await delay(100);
    }
  }
}

export async function readyRsync({ folder, source, rate, namespaces, start, relayed }: Task): Promise<Ready> {
  const { address } = namespaces;
  const port = 8730;
  const config = join(folder, 'rsyncd.conf');
  writeFileSync(config, `use chroot = no\nuid = 0\ngid = 0\n[source]\npath = ${source}\nread only = yes\n`);
  const where = [`--address=${address}`, `--port=${port}`, `--config=${config}`];
  start('parent', ['rsync', '--daemon', '--no-detach', ...where]);
  const from = `rsync://${address}:${relayed(port)}/source/`;
  return {
    port,
    async go() {
      // It counts in KiB/s, and the one that sends keeps to it.
      const limit = rate === Infinity ? [] : [`--bwlimit=${rate / 1024}`];
      start('child', ['rsync', '-a', ...limit, from, `${join(folder, 'rsync')}/`]);
    },
  };
}

export async function readyRclone({ folder, source, rate, namespaces, start, relayed }: Task): Promise<Ready> {
  const { address } = namespaces;
  const port = 8080;
  start('parent', ['rclone', 'serve', 'http', source, '--addr', `${address}:${port}`]);
  const from = [':http:', '--http-url', `http://${address}:${relayed(port)}`];
  return {
    port,
    async go() {
      const limit = rate === Infinity ? [] : ['--bwlimit', `${Math.round(rate)}B`];
      start('child', ['rclone', 'copy', ...from, join(folder, 'rclone'), ...limit]);
    },
  };
}
