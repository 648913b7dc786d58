import { withPair } from './pair.js';
import type { Report } from './report.js';
import { scatterChanges, writeSource } from './source.js';

const files = 100_000;

/** The sections `loop` and `scattered`, over the same two daemons. */
export async function hundredThousand(folder: string, wanted: (section: string) => boolean, report: Report) {
  await withPair(folder, async (pair) => {
    writeSource(pair.source, files);
    const published = await pair.publish();
    if (wanted('loop')) {
      const delayMs = (await pair.origin.status()).process?.eventLoopP99Ms ?? NaN;
      report.row(`publish ${files} new files`, 'ms', published.ms);
      report.row(`delay of the event loop meanwhile, 99th percentile`, 'ms', delayMs);
      report.goal(
        'the event loop is late by less than 50 ms (p99) while 100,000 files are hashed',
        'ms',
        delayMs,
        delayMs < 50,
      );
    }
    if (!wanted('scattered')) return;

    await pair.poll();
    await pair.rsync.copy('plain', { compress: false });
    await pair.rsync.copy('compressed', { compress: true });
    scatterChanges(pair.source, files);
    const again = await pair.publish();
    const { ms, traffic } = await pair.poll();
    const plain = await pair.rsync.copy('plain', { compress: false });
    const compressed = await pair.rsync.copy('compressed', { compress: true });
    await pair.requireEqual();
    const work = `1 % edited, 1 % deleted, 1 % moved of ${files}`;
    const { bytes, metadataBytes, contentBytes } = traffic;
    report.row(`${work}: wire`, 'bytes', bytes, { rsync: plain.bytes, rsyncZ: compressed.bytes });
    report.row(`${work}: wire, metadata`, 'bytes', metadataBytes);
    report.row(`${work}: wire, content (1,000 files of 100 bytes, with headers)`, 'bytes', contentBytes);
    report.row(`${work}, publish and poll`, 'ms', again.ms + ms, { rsync: plain.ms, rsyncZ: compressed.ms });
    report.row(`${work}: of this the poll`, 'ms', ms);
    report.goal(
      '1 % scattered changes of 100,000 are under 200 KB of metadata',
      'bytes',
      metadataBytes,
      metadataBytes < 200_000,
    );
  });
}
