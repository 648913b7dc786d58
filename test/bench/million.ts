import { setTimeout as delay } from 'node:timers/promises';
import { withPair, type Pair } from './pair.js';
import { memoryOf } from './processes.js';
import { median, type Report } from './report.js';
import { writeSource, writeVersion } from './source.js';

const files = 1_000_000;

/** The section `million`: the child takes the whole manifest, and the files of one folder of a thousand. */
export async function million(folder: string, report: Report): Promise<void> {
  const follow = [{ repository: 'tools', include: ['d0000/**'] }];
  const work = async (pair: Pair): Promise<void> => {
    writeSource(pair.source, files);
    const published = await pair.publish();
    const copied = await pair.poll();
    report.row(`publish ${files} new files`, 'ms', published.ms);
    report.row(`take their manifest and the first 1000 of them`, 'ms', copied.ms);
    report.row(`take their manifest: wire`, 'bytes', copied.traffic.metadataBytes);
    const { plain, compressed } = await nothingNew(pair, report);
    await oneChanged(pair, report, { plain, compressed });
    await memory(pair, report);
  };
  await withPair(folder, work, follow);
}

async function nothingNew(pair: Pair, report: Report) {
  await pair.poll();
  const polls = [await pair.poll(), await pair.poll(), await pair.poll()];
  await pair.rsync.copy('copy', { compress: false });
  const plain = await pair.rsync.copy('copy', { compress: false });
  const compressed = await pair.rsync.copy('copy', { compress: true });
  const work = `nothing new among ${files} files`;
  const requests = Math.max(...polls.map(({ traffic }) => traffic.requests));
  const bytes = Math.max(...polls.map(({ traffic }) => traffic.bytes));
  report.row(`${work}: requests`, 'n', requests);
  report.row(`${work}: wire`, 'bytes', bytes, { rsync: plain.bytes, rsyncZ: compressed.bytes });
  report.row(work, 'ms', median(polls.map(({ ms }) => ms)), { rsync: plain.ms, rsyncZ: compressed.ms });
  report.goal('a poll that finds nothing among 1,000,000 is one request', 'n', requests, requests === 1);
  report.goal('a poll that finds nothing among 1,000,000 is under 1 KB of HTTP', 'bytes', bytes, bytes < 1000);
  return { plain, compressed };
}

/** rsync's run without a change is the peer: one changed file of 100 bytes adds nothing to it that shows. */
async function oneChanged(
  pair: Pair,
  report: Report,
  { plain, compressed }: Awaited<ReturnType<typeof nothingNew>>,
): Promise<void> {
  writeVersion(pair.source, 500, 2);
  const published = await pair.publish();
  const { ms, traffic } = await pair.poll();
  const work = `one of ${files} files changed`;
  const wall = published.ms + ms;
  report.row(`${work}, from publish to the file in place`, 'ms', wall, { rsync: plain.ms, rsyncZ: compressed.ms });
  report.row(`${work}: of this the poll`, 'ms', ms);
  report.row(`${work}: wire`, 'bytes', traffic.bytes, { rsync: plain.bytes, rsyncZ: compressed.bytes });
  report.goal('one changed file among 1,000,000 moves under 64 KB', 'bytes', traffic.bytes, traffic.bytes < 64_000);
}

async function memory(pair: Pair, report: Report): Promise<void> {
  await delay(10_000);
  for (const depot of [pair.origin, pair.child]) {
    const { now, peak } = memoryOf(depot.pid());
    report.row(`memory of the ${depot.name} at rest`, 'bytes', now);
    report.row(`memory of the ${depot.name} at the peak`, 'bytes', peak);
    report.goal(`the ${depot.name} of 1,000,000 files is under 300 MB at rest`, 'bytes', now, now < 300e6);
    report.goal(`the ${depot.name} of 1,000,000 files is under 500 MB at the peak`, 'bytes', peak, peak < 500e6);
  }
}
