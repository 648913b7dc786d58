import { Zip, ZipDeflate, ZipPassThrough } from 'fflate';
import type { Entry } from '../model/entry.js';
import { DepotError } from '../model/errors.js';

/** What a zip without the extensions of ZIP64 can hold. */
const mostEntries = 65_535;
const mostBytes = 2 ** 32 - 1;

/** Bits of a Unix file mode, as zip files made on Unix keep them. */
const modes = { file: 0o100644, executable: 0o100755, link: 0o120777, folder: 0o040755 } as const;
const madeOnUnix = 3;

/**
 * A plain zip of some entries, in pieces: any tool opens it. Executable bits and links are there for those that know them.
 * @param content the bytes of a file
 * @param compress whether files are compressed; what does not shrink is better stored
 * @throws DepotError `bad-request` where it would need ZIP64
 */
export async function* zip(
  entries: readonly Entry[],
  content: (entry: Entry & { type: 'file' }) => AsyncIterable<Uint8Array>,
  compress: boolean,
): AsyncGenerator<Uint8Array> {
  const bytes = entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
  if (entries.length > mostEntries || bytes > mostBytes) {
    throw new DepotError(
      'bad-request',
      `${entries.length} entries with ${bytes} bytes are more than a zip file holds`,
      {
        hint: `without ZIP64 it holds ${mostEntries} entries and 4 GiB: copy the installation copy instead`,
        retry: 'never',
      },
    );
  }
  let made: Uint8Array[] = [];
  const archive = new Zip((error, piece) => {
    if (error !== null) throw error;
    made.push(piece);
  });
  for (const entry of entries) {
    const isPlain = entry.type !== 'file' || !compress;
    const name = entry.type === 'folder' ? `${entry.path}/` : entry.path;
    const part = isPlain ? new ZipPassThrough(name) : new ZipDeflate(name, { level: 6 });
    part.os = madeOnUnix;
    part.attrs = modeOf(entry) << 16;
    // The format knows no time before 1980.
    part.mtime = Math.max(entry.type === 'file' ? entry.mtimeMs : 0, Date.UTC(1980, 0, 2));
    archive.add(part);
    if (entry.type === 'file') {
      for await (const piece of content(entry)) {
        part.push(piece);
        yield* made;
        made = [];
      }
    }
    part.push(entry.type === 'link' ? Buffer.from(entry.target) : new Uint8Array(0), true);
    yield* made;
    made = [];
  }
  archive.end();
  yield* made;
}

function modeOf(entry: Entry): number {
  if (entry.type !== 'file') return modes[entry.type];
  return entry.executable ? modes.executable : modes.file;
}
