import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Settings } from '../../src/config/settings.js';
import { foundCompany } from '../../src/daemon/founding.js';
import { membershipOf, ownCertificate } from '../../src/daemon/membership.js';
import type { Host } from '../../src/host.js';
import { directoryName, isDocumentName } from '../../src/model/company.js';
import type { Log } from '../../src/model/log.js';
import { Store } from '../../src/store/store.js';
import { Parents } from '../../src/sync/parents.js';
import { temporaryFolder } from '../harness/temporary.js';
import { usualGraceMs, usualLifetimes } from '../harness/lifetimes.js';

const dayMs = 24 * 3600 * 1000;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** An origin that looks after its certificate and its directory for so many days. */
async function runFor(
  lastDay: number,
  log: Log = silent,
  onDay: (day: number, data: string) => void = () => undefined,
) {
  let nowMs = Date.now();
  let days = 0;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const sleeping: (() => void)[] = [];
  const host: Host = {
    now: () => nowMs,
    monotonic: () => nowMs,
    random: () => 0.5,
    // A day goes by when both that look each hour, for the certificate and for the directory, have done their work.
    sleep: (_, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('stopped')));
        sleeping.push(resolve);
        if (sleeping.length < 2) return;
        days += 1;
        onDay(days, data);
        nowMs += dayMs;
        if (days === lastDay) end();
        else for (const wake of sleeping.splice(0)) wake();
      }),
  };
  const data = join(await temporaryFolder(), 'data');
  const settings = { data, depot: 'origin', site: 'enterprise', signing: usualLifetimes } as Settings;
  await foundCompany(settings, { company: 'enterprise' }, usualGraceMs, host);
  const store = Store.open(data, { now: () => host.now() });
  onTestFinished(() => store.close());
  const own = ownCertificate(store, host, settings);
  if (own === undefined) throw new Error('the origin has no certificate');
  const parents = new Parents({ depot: 'origin', site: 'enterprise', version: '0.1.0' }, host, log);
  const { renewal, upkeep } = membershipOf(own, {
    store,
    host,
    log,
    parents,
    settings,
    lifetimes: () => usualLifetimes,
    inForce: () => ({ certificate: null, rejoinMs: null }),
    onRenewed: () => undefined,
    onCompany: () => undefined,
  });
  renewal.start();
  upkeep?.start();
  onTestFinished(async () => {
    renewal.stop();
    await upkeep?.stop();
  });
  await ended;
  return { store, own, nowMs };
}

it('keeps directory and certificate of an origin that runs for months from expiring', async () => {
  const { store, own, nowMs } = await runFor(200);
  const expiresAtMs: Record<string, number> = { ...store.signed.facts(directoryName)?.expiresAtMs };
  for (const [role, atMs] of Object.entries(expiresAtMs)) expect([role, atMs > nowMs]).toEqual([role, true]);
  expect(Object.keys(expiresAtMs)).toHaveLength(4);
  expect(own.facts().expiresAtMs).toBeGreaterThan(nowMs);
});

it('says that a document of the directory is damaged, and goes on looking', async () => {
  const told: string[] = [];
  const log: Log = { ...silent, error: (_, message) => void told.push(message) };
  await runFor(40, log, (day, data) => {
    if (day !== 5) return;
    const folder = join(data, 'metadata', directoryName);
    for (const name of readdirSync(folder).filter(isDocumentName)) truncateSync(join(folder, name), 10);
  });
  expect(told.filter((message) => message.includes('is damaged')).length).toBeGreaterThan(20);
});
