import { spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { formatRate } from '../../src/config/units.js';
import type { ControlApi } from '../../src/serve/control-api.js';
import { controlClient } from '../../src/serve/control-client.js';
import { layoutOf } from '../../src/store/layout.js';
import { makeCompany } from '../harness/company.js';
import { makeDepot } from '../harness/depot.js';
import { makeNamespaces, type Namespaces } from './namespaces.js';

const rates = [64e3, 1e6, 10e6, 100e6, 1e9].map((bits) => bits / 8);
/** What is measured, seconds: spans of 10 s, sliding, after the beginning. */
const [beginning, measured, spanSeconds] = [4, 12, 10];
const ports = { depot: 8443, rsync: 8730, http: 8080 } as const;
const files = 4;
/** rclone begins with a burst of 4 MiB, which must not be all that there is. */
const leastBytes = 32e6;

const depotd = fileURLToPath(new URL('../../bin/depotd.js', import.meta.url));
const relay = fileURLToPath(new URL('pace-relay.ts', import.meta.url));
const quietly = { signal: new AbortController().signal, onEvent: () => Promise.resolve() };

/**
 * How well a rate is met: by depotd over TLS, `rsync --bwlimit` and `rclone --bwlimit`, between two network namespaces, as TCP
 * payload both ways on a relay. Prints a table of the largest error over 10 s. @returns at how many rates depotd is not the best
 */
export async function pace(folder: string): Promise<number> {
  const hasRclone = spawnSync('rclone', ['version']).error === undefined;
  const namespaces = makeNamespaces();
  const started: ChildProcess[] = [];
  const start: Namespaces['start'] = (where, command) => {
    const child = namespaces.start(where, command);
    started.push(child);
    return child;
  };
  let missed = 0;
  try {
    console.log(
      '\n| rate | depotd | rsync | rclone | depotd, worst second | on the interface |\n| --- | --: | --: | --: | --: | --: |',
    );
    for (const rate of rates) {
      const source = join(folder, 'source');
      writeRandom(source, Math.ceil(Math.max(rate * (beginning + measured + 4), leastBytes) / files));
      const meter = (port: number) => measure(namespaces, start, port, rate);
      const own = await ofDepotd(join(folder, 'depotd'), source, rate, namespaces, start, meter);
      const rsync = await ofRsync(folder, source, rate, namespaces, start, meter);
      const rclone = hasRclone ? await ofRclone(folder, source, rate, namespaces, start, meter) : undefined;
      const isBest = own.error < Math.min(rsync.error, rclone?.error ?? Infinity);
      if (!isBest) missed += 1;
      const cells = [percent(own.error), percent(rsync.error), rclone === undefined ? '-' : percent(rclone.error)];
      const second = `${((own.worstSecond / rate - 1) * 100).toFixed(1)} %`;
      const wire = `${((own.interfaceBytes / own.bytes - 1) * 100).toFixed(1)} % more`;
      console.log(
        `| ${formatRate(rate)}${isBest ? '' : ' (NOT the best)'} | ${[...cells, second, wire].join(' | ')} |`,
      );
      for (const child of started.splice(0)) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  } finally {
    for (const child of started) child.kill('SIGKILL');
    namespaces.close();
  }
  return missed;
}

interface Found {
  /** The largest over all spans, as a fraction of the rate. */
  readonly error: number;
  /** Bytes. */
  readonly worstSecond: number;
  readonly bytes: number;
  readonly interfaceBytes: number;
}

/** A relay before a port of the parent, and what is found on it once a transfer has begun. */
function measure(namespaces: Namespaces, start: Namespaces['start'], port: number, rate: number) {
  const samples: [ms: number, bytes: number][] = [];
  const args = [process.execPath, '--import', 'tsx', relay, namespaces.address, String(port + 1), String(port)];
  let rest = '';
  start('parent', args)
    .stdout?.setEncoding('utf8')
    .on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) samples.push(line.split(' ').map(Number) as [number, number]);
    });
  return {
    port: port + 1,
    async found(): Promise<Found> {
      const isMoving = (): boolean => (samples.at(-1)?.[1] ?? 0) > Math.min(rate / 2, 1e6);
      for (let waited = 0; !isMoving() && waited < 60_000; waited += 50) await delay(50);
      await delay(beginning * 1000);
      const interfaceBefore = namespaces.interfaceBytes();
      const from = samples.length;
      await delay(measured * 1000);
      const interfaceBytes = namespaces.interfaceBytes() - interfaceBefore;
      const seen = samples.slice(from);
      const bytes = (seen.at(-1)?.[1] ?? 0) - (seen[0]?.[1] ?? 0);
      const errors = spansOf(seen, spanSeconds).map(([seconds, passed]) => Math.abs(passed / seconds / rate - 1));
      const seconds = spansOf(seen, 1).map(([length, passed]) => passed / length);
      return { error: Math.max(...errors), worstSecond: Math.max(...seconds), bytes, interfaceBytes };
    },
  };
}

type Meter = (port: number) => ReturnType<typeof measure>;

/** Seconds and bytes of each span of about that length. */
function spansOf(samples: readonly [number, number][], seconds: number): [number, number][] {
  let end = 0;
  return samples.flatMap(([startMs, before]): [number, number][] => {
    while (end < samples.length && (samples[end]?.[0] ?? 0) - startMs < seconds * 1000) end += 1;
    const last = samples[end];
    return last === undefined ? [] : [[(last[0] - startMs) / 1000, last[1] - before]];
  });
}

async function ofDepotd(
  folder: string,
  source: string,
  rate: number,
  { address }: Namespaces,
  start: Namespaces['start'],
  meter: Meter,
): Promise<Found> {
  const poll = { every: '1h', 'at-start': false };
  const tools = { kind: 'mirror', context: 'enterprise', source, settle: '1h', 'encode-wait': '0ms' };
  const origin = await makeDepot(join(folder, 'origin'), {
    depot: 'origin',
    site: 'enterprise',
    data: join(folder, 'origin/data'),
    listen: `https://${address}:${ports.depot}`,
    repositories: { tools },
  });
  const child = await makeDepot(join(folder, 'child'), {
    depot: 'child',
    site: 'enterprise/branch',
    data: join(folder, 'child/data'),
    listen: `https://127.0.0.1:${ports.depot}`,
    parent: `https://${address}:${ports.depot + 1}`,
    poll,
    network: { otherwise: formatRate(rate) },
  });
  await makeCompany(origin.config, [child.config]);
  start('parent', [process.execPath, depotd, '--config', origin.config]);
  start('child', [process.execPath, depotd, '--config', child.config]);
  const [above, below] = await Promise.all([answering(origin.data), answering(child.data)]);
  await above.publish('tools', { wait: true, dryRun: false, acceptSource: false, ...quietly });
  const line = meter(ports.depot);
  await delay(1500);
  await below.poll(null, { wait: false, ...quietly });
  const found = await line.found();
  await below.orderLine({ rate: 'closed', forMs: null });
  return found;
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

async function ofRsync(
  folder: string,
  source: string,
  rate: number,
  { address }: Namespaces,
  start: Namespaces['start'],
  meter: Meter,
): Promise<Found> {
  const config = join(folder, 'rsyncd.conf');
  writeFileSync(config, `use chroot = no\nuid = 0\ngid = 0\n[source]\npath = ${source}\nread only = yes\n`);
  start('parent', [
    'rsync',
    '--daemon',
    '--no-detach',
    `--address=${address}`,
    `--port=${ports.rsync}`,
    `--config=${config}`,
  ]);
  const line = meter(ports.rsync);
  await delay(1500);
  const from = `rsync://${address}:${line.port}/source/`;
  // It counts in KiB/s.
  const copying = start('child', ['rsync', '-a', `--bwlimit=${rate / 1024}`, from, `${join(folder, 'rsync')}/`]);
  const found = await line.found();
  copying.kill();
  return found;
}

async function ofRclone(
  folder: string,
  source: string,
  rate: number,
  { address }: Namespaces,
  start: Namespaces['start'],
  meter: Meter,
): Promise<Found> {
  start('parent', ['rclone', 'serve', 'http', source, '--addr', `${address}:${ports.http}`]);
  const line = meter(ports.http);
  await delay(1500);
  const from = [':http:', '--http-url', `http://${address}:${line.port}`];
  const copying = start('child', [
    'rclone',
    'copy',
    ...from,
    join(folder, 'rclone'),
    '--bwlimit',
    `${Math.round(rate)}B`,
  ]);
  const found = await line.found();
  copying.kill();
  return found;
}

function writeRandom(folder: string, bytes: number): void {
  mkdirSync(folder, { recursive: true });
  for (let file = 0; file < files; file += 1) {
    const path = join(folder, `file-${file}`);
    writeFileSync(path, '');
    for (let left = bytes; left > 0; left -= 1e8) appendFileSync(path, randomBytes(Math.min(left, 1e8)));
  }
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(2)} %`;
}
