import { withPair, type Measured, type Pair } from './pair.js';
import { median, type Report } from './report.js';
import type { RsyncRun } from './rsync.js';
import { writeSource, writeVersion } from './source.js';

const files = 20_000;
const times = 3;

/** The sections `first`, `poll` and `one`, over the same two daemons; those not wanted are left out of the report. */
export async function twentyThousand(folder: string, wanted: (section: string) => boolean, report: Report) {
  await withPair(folder, async (pair) => {
    writeSource(pair.source, files);
    const published = await pair.publish();
    const copied = await pair.poll();
    const plain = await pair.rsync.copy('plain', { compress: false });
    const compressed = await pair.rsync.copy('compressed', { compress: true });
    if (wanted('first')) {
      const work = `first copy of ${files} files of 100 bytes`;
      report.row(`publish ${files} new files`, 'ms', published.ms);
      report.row(`${work}, once published`, 'ms', copied.ms, { rsync: plain.ms, rsyncZ: compressed.ms });
      report.row(`${work}: processor`, 'ms', copied.cpuMs, { rsync: plain.cpuMs, rsyncZ: compressed.cpuMs });
      report.row(`${work}: wire`, 'bytes', copied.traffic.bytes, { rsync: plain.bytes, rsyncZ: compressed.bytes });
    }
    if (wanted('poll')) await nothingNew(pair, report);
    if (wanted('one')) await oneChanged(pair, report);
    await pair.requireEqual();
  });
}

async function nothingNew(pair: Pair, report: Report): Promise<void> {
  await pair.poll();
  const polls: Measured<unknown>[] = [];
  for (let round = 0; round < 20; round += 1) polls.push(await pair.poll());
  const { plain, compressed } = await copies(pair, () => Promise.resolve());
  const work = `nothing new among ${files} files`;
  const requests = Math.max(...polls.map(({ traffic }) => traffic.requests));
  const bytes = Math.max(...polls.map(({ traffic }) => traffic.bytes));
  // A poll costs less than the clock of the kernel shows, so all of them are taken together.
  const cpuMs = polls.reduce((sum, poll) => sum + poll.cpuMs, 0) / polls.length;
  report.row(`${work}: requests`, 'n', requests);
  report.row(`${work}: wire`, 'bytes', bytes, of(plain, compressed, 'bytes'));
  report.row(work, 'ms', median(polls.map(({ ms }) => ms)), of(plain, compressed, 'ms'));
  report.row(`${work}: processor, both sides`, 'ms', cpuMs, of(plain, compressed, 'cpuMs'));
  report.goal('a poll that finds nothing is one request', 'n', requests, requests === 1);
  report.goal('a poll that finds nothing is under 1 KB of HTTP', 'bytes', bytes, bytes < 1000);
}

async function oneChanged(pair: Pair, report: Report): Promise<void> {
  const published: Measured<unknown>[] = [];
  const polled: Measured<unknown>[] = [];
  let version = 1;
  const { plain, compressed } = await copies(pair, async () => {
    writeVersion(pair.source, files / 2, (version += 1));
    published.push(await pair.publish());
    polled.push(await pair.poll());
  });
  const work = `one of ${files} files changed`;
  const wall = median(published.map(({ ms }, at) => ms + (polled[at]?.ms ?? NaN)));
  const cpuMs = median(published.map((publish, at) => publish.cpuMs + (polled[at]?.cpuMs ?? NaN)));
  report.row(`${work}, from publish to the file in place`, 'ms', wall, of(plain, compressed, 'ms'));
  report.row(`${work}: of this the poll`, 'ms', median(polled.map(({ ms }) => ms)));
  report.row(`${work}: processor, both sides`, 'ms', cpuMs, of(plain, compressed, 'cpuMs'));
  const bytes = median(polled.map(({ traffic }) => traffic.bytes));
  report.row(`${work}: wire`, 'bytes', bytes, of(plain, compressed, 'bytes'));
}

/** After each change (which is made before) both copies of rsync are brought up to date. */
async function copies(pair: Pair, change: () => Promise<void>) {
  const plain: RsyncRun[] = [];
  const compressed: RsyncRun[] = [];
  for (let round = 0; round < times; round += 1) {
    await change();
    plain.push(await pair.rsync.copy('plain', { compress: false }));
    compressed.push(await pair.rsync.copy('compressed', { compress: true }));
  }
  return { plain, compressed };
}

function of(plain: readonly RsyncRun[], compressed: readonly RsyncRun[], what: keyof RsyncRun) {
  return { rsync: median(plain.map((run) => run[what])), rsyncZ: median(compressed.map((run) => run[what])) };
}
