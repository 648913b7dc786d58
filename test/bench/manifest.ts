/**
 * What manifests cost at size: `npm run bench -- manifest`. Prints one line a measure. Pages go to a temporary
 * file, so that the memory reported is that of the manifest alone.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompressStream, type CompressParameters } from 'zstd-napi';
import { buildManifest } from '../../src/manifest/build.js';
import { diffManifests } from '../../src/manifest/diff.js';
import { editManifest, type Edit } from '../../src/manifest/edit.js';
import { readEntries } from '../../src/manifest/read.js';
import { applyDifference, encodeDifference } from '../../src/manifest/stream.js';
import type { PageRef, ReadPage, WritePage } from '../../src/manifest/page.js';
import { comparePaths, type FileEntry } from '../../src/model/entry.js';
import { sha256 } from '../../src/model/sha256.js';

interface PagesOnDisk {
  readonly read: ReadPage;
  readonly write: WritePage;
  counts(): string;
  close(): void;
}

function pagesOnDisk(): PagesOnDisk {
  const folder = mkdtempSync(join(tmpdir(), 'depotd-bench-'));
  const file = openSync(join(folder, 'pages'), 'w+');
  const places = new Map<string, number>();
  let end = 0;
  let reads = 0;
  let readBytes = 0;
  let writes = 0;
  let writtenBytes = 0;
  return {
    read(ref) {
      const bytes = Buffer.allocUnsafe(ref.length);
      readSync(file, bytes, 0, ref.length, places.get(ref.sha256) ?? 0);
      reads += 1;
      readBytes += ref.length;
      return bytes.toString();
    },
    write(text) {
      const bytes = Buffer.from(text);
      const ref: PageRef = { sha256: sha256(bytes), length: bytes.length };
      if (places.has(ref.sha256)) return ref;
      places.set(ref.sha256, end);
      writeSync(file, bytes, 0, bytes.length, end);
      end += bytes.length;
      writes += 1;
      writtenBytes += bytes.length;
      return ref;
    },
    counts() {
      const text = `${reads} pages (${kilobytes(readBytes)}) read, ${writes} (${kilobytes(writtenBytes)}) written`;
      reads = readBytes = writes = writtenBytes = 0;
      return text;
    },
    close() {
      closeSync(file);
      rmSync(folder, { recursive: true });
    },
  };
}

function* manyEntries(count: number): Generator<FileEntry> {
  const folders = 1000;
  for (let folder = 0; folder < folders; folder += 1) {
    for (let file = 0; file < count / folders; file += 1) {
      const path = `packages/${String(folder >> 5).padStart(2, '0')}/${String(folder).padStart(4, '0')}/f${String(file).padStart(5, '0')}.txt`;
      yield fileAt(path, 1);
    }
  }
}

function fileAt(path: string, version: number): FileEntry {
  const object = sha256(`${path}\n${version}`);
  const size = 1000 + (parseInt(object.slice(0, 6), 16) % 100_000);
  const mtimeMs = 1_790_000_000_000 + (parseInt(object.slice(6, 16), 16) % 10_000_000_000);
  return { type: 'file', path, object, size, mtimeMs, executable: false };
}

/** 1 % of the files edited, 1 % deleted, 1 % moved, spread evenly. */
function scatteredEdits(count: number): Edit[] {
  const edits: Edit[] = [];
  let at = 0;
  for (const entry of manyEntries(count)) {
    at += 1;
    if (at % 100 === 17) edits.push({ put: { ...fileAt(entry.path, 2) } });
    if (at % 100 === 41 || at % 100 === 73) edits.push({ delete: entry.path });
    if (at % 100 === 73) {
      const path = `packages/moved/${String(at % 2000).padStart(4, '0')}/${at}-${entry.path.split('/').slice(2).join('-')}`;
      edits.push({ put: { ...entry, path } });
    }
  }
  const pathOf = (edit: Edit): string => ('put' in edit ? edit.put.path : 'delete' in edit ? edit.delete : edit.touch);
  return edits.sort((a, b) => comparePaths(pathOf(a), pathOf(b)));
}

async function compressedLength(chunks: Iterable<string>, level: number): Promise<number> {
  const parameters: CompressParameters = { compressionLevel: level };
  const stream = new CompressStream(parameters);
  let length = 0;
  stream.on('data', (bytes: Buffer) => (length += bytes.length));
  const ended = new Promise((resolve) => stream.on('end', resolve));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await ended;
  return length;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function measure<Result>(name: string, pages: PagesOnDisk, work: () => Result): Result {
  pages.counts();
  const startedAtMs = performance.now();
  const result = work();
  const ms = performance.now() - startedAtMs;
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${name.padEnd(44)} ${ms.toFixed(1).padStart(8)} ms  peak RSS ${peakMiB.toFixed(0)} MiB  ${pages.counts()}`,
  );
  return result;
}

function count(items: Iterable<unknown>): number {
  let total = 0;
  const iterator = items[Symbol.iterator]();
  while (iterator.next().done !== true) total += 1;
  return total;
}

async function main(): Promise<void> {
  const pages = pagesOnDisk();
  const million = 1_000_000;
  measure('making 1,000,000 entries, nothing else', pages, () => count(manyEntries(million)));
  const root = measure('building 1,000,000 entries', pages, () => buildManifest(manyEntries(million), pages.write));
  measure('reading 1,000,000 entries', pages, () => count(readEntries(root, pages.read)));
  const path = 'packages/15/0500/f00500.txt';
  const one = measure('editing 1 of 1,000,000', pages, () =>
    editManifest(root, [{ put: fileAt(path, 2) }], pages.read, pages.write),
  );
  measure('diffing 1 of 1,000,000', pages, () => count(diffManifests(root, one, pages.read)));

  const hundredThousand = 100_000;
  const before = buildManifest(manyEntries(hundredThousand), pages.write);
  const edits = scatteredEdits(hundredThousand);
  const after = measure(`editing ${edits.length} of 100,000`, pages, () =>
    editManifest(before, edits, pages.read, pages.write),
  );
  const changes = measure('diffing them', pages, () => [...diffManifests(before, after, pages.read)]);
  const text = measure('encoding them', pages, () => [...encodeDifference(before, after, changes, pages.read)]);
  const sizes = await Promise.all([1, 3, 9].map((level) => compressedLength(text, level)));
  console.log(
    `difference stream of ${changes.length} changes: ${kilobytes(Buffer.byteLength(text.join('')))}, zstd level 1, 3, 9: ${sizes.map(kilobytes).join(', ')}`,
  );
  measure('applying the difference stream', pages, () => applyDifference(text, before, after, pages.read, pages.write));
  pages.close();
}

await main();
