import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { zip } from '../../src/encoding/zip.js';
import type { Entry } from '../../src/model/entry.js';
import { sha256 } from '../../src/model/sha256.js';

type FileEntry = Entry & { type: 'file' };

export function fileEntry(path: string, size: number, mtimeMs: number): FileEntry {
  return { type: 'file', path, size, mtimeMs, executable: false, object: sha256(path) };
}

/** Writes a zip; pieces of zeros only become holes, so that a large one takes no room. */
export async function writeZip(
  file: string,
  entries: readonly Entry[],
  content: (entry: FileEntry) => Iterable<Uint8Array>,
  compress: boolean,
): Promise<void> {
  const handle = await open(file, 'w');
  try {
    const zeros = Buffer.alloc(1024 ** 2);
    let at = 0;
    let waiting: Uint8Array[] = [];
    let bytes = 0;
    const write = async (): Promise<void> => {
      await handle.write(Buffer.concat(waiting), 0, bytes, at);
      at += bytes;
      [waiting, bytes] = [[], 0];
    };
    async function* contents(entry: FileEntry): AsyncGenerator<Uint8Array> {
      yield* content(entry);
    }
    for await (const piece of zip(entries, contents, compress)) {
      if (piece.length === zeros.length && zeros.equals(piece)) {
        await write();
        at += piece.length;
        continue;
      }
      waiting.push(piece);
      bytes += piece.length;
      if (bytes > zeros.length) await write();
    }
    await write();
  } finally {
    await handle.close();
  }
}

const list = `
import json, stat, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as file:
  print(json.dumps([{
    'name': each.filename, 'size': each.file_size, 'mode': each.external_attr >> 16,
    'links': file.read(each).decode() if stat.S_ISLNK(each.external_attr >> 16) else None
  } for each in file.infolist()]))
`;

export interface Listed {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly links: string | null;
}

/** What another reader of zip files finds in one. */
export function listed(file: string): Listed[] {
  const text = execFileSync('python3', ['-c', list, file], { encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 });
  return JSON.parse(text) as Listed[];
}
