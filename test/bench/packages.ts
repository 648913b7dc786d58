import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { putPackages } from '../harness/packages.js';
import { withPair, type Pair } from './pair.js';
import type { Report } from './report.js';

const small = 'lodash, ramda, highlight.js';
const large = 'typescript (24 MB)';

/** The section `packages`: each in place of its older version, and beside it. */
export async function packages(folder: string, report: Report): Promise<void> {
  await withPair(join(folder, 'place'), async (pair) => {
    const target = join(pair.source, 'packages');
    await putPackages(target, 'a');
    await measure(`first copy of ${small} (3,000 files)`, pair, report);
    await putPackages(target, 'b');
    await measureUpdate(`${small}: the next version`, pair, report);
    putTypescript(target, 0);
    await measure(`first copy of ${large}`, pair, report);
    putTypescript(target, 1);
    await measureUpdate(`${large}: ${edits}`, pair, report);
    await pair.requireEqual();
  });
  await withPair(join(folder, 'beside'), async (pair) => {
    await putPackages(join(pair.source, 'packages', '1'), 'a');
    putTypescript(join(pair.source, 'packages', '1'), 0);
    await pair.publish();
    await pair.poll();
    for (const compress of [false, true]) await pair.rsync.copy(nameOf(compress), { compress });
    await putPackages(join(pair.source, 'packages', '2'), 'b');
    await measureUpdate(`${small}: the next version beside the older`, pair, report);
    putTypescript(join(pair.source, 'packages', '2'), 1);
    await measureUpdate(`${large}: ${edits}, beside the older`, pair, report);
    await pair.requireEqual();
  });
}

/** Publishes, polls, and brings both copies of rsync up to date. */
async function measure(work: string, pair: Pair, report: Report) {
  const published = await pair.publish();
  const { ms, traffic } = await pair.poll();
  const plain = await pair.rsync.copy(nameOf(false), { compress: false });
  const compressed = await pair.rsync.copy(nameOf(true), { compress: true });
  report.row(`${work}: wire`, 'bytes', traffic.bytes, { rsync: plain.bytes, rsyncZ: compressed.bytes });
  report.row(`${work}: of this content`, 'bytes', traffic.contentBytes);
  report.row(`${work}: the poll`, 'ms', ms, { rsync: plain.ms, rsyncZ: compressed.ms });
  report.row(`${work}: publish`, 'ms', published.ms);
  return { bytes: traffic.bytes, ofRsyncZ: compressed.bytes };
}

async function measureUpdate(work: string, pair: Pair, report: Report): Promise<void> {
  const { bytes, ofRsyncZ } = await measure(work, pair, report);
  report.goal(`${work}: moves at most a third of rsync -z`, 'bytes', bytes, bytes * 3 <= ofRsyncZ);
}

function nameOf(compress: boolean): string {
  return compress ? 'compressed' : 'plain';
}

const edits = 'one of 200 lines of its programs edited';

/** The one version that is installed; as the next, with lines of its programs edited, up to 9 MB each. */
function putTypescript(folder: string, version: 0 | 1): void {
  const target = join(folder, 'typescript');
  cpSync(fileURLToPath(new URL('../../node_modules/typescript', import.meta.url)), target, { recursive: true });
  if (version === 0) return;
  const programs = readdirSync(join(target, 'lib')).filter((name) => name.endsWith('.js'));
  for (const path of programs.map((name) => join(target, 'lib', name))) {
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(
      path,
      lines.map((line, at) => (at % 200 === 100 ? `${line} // line ${at}, edited` : line)).join('\n'),
    );
  }
}
