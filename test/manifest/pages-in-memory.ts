import type { PageRef, ReadPage, WritePage } from '../../src/manifest/page.js';
import { damaged } from '../../src/manifest/line.js';
import { sha256, type Sha256 } from '../../src/model/sha256.js';

/** Pages in a map, with a count of what was asked of it. */
export interface PagesInMemory {
  readonly texts: Map<Sha256, string>;
  readonly read: ReadPage;
  readonly write: WritePage;
  /** Adds a page whatever its text. */
  put(text: string): PageRef;
  /** What was read and written since the last call. */
  counts(): { read: number; readBytes: number; written: number; writtenBytes: number };
}

export function pagesInMemory(): PagesInMemory {
  const texts = new Map<Sha256, string>();
  let counts = { read: 0, readBytes: 0, written: 0, writtenBytes: 0 };
  const put = (text: string): PageRef => {
    const ref = { sha256: sha256(text), length: Buffer.byteLength(text) };
    texts.set(ref.sha256, text);
    return ref;
  };
  return {
    texts,
    put,
    read(ref) {
      const text = texts.get(ref.sha256);
      if (text === undefined || Buffer.byteLength(text) !== ref.length) throw damaged(`no page ${ref.sha256} here`);
      counts.read += 1;
      counts.readBytes += ref.length;
      return text;
    },
    write(text) {
      const ref = put(text);
      counts.written += 1;
      counts.writtenBytes += ref.length;
      return ref;
    },
    counts() {
      const since = counts;
      counts = { read: 0, readBytes: 0, written: 0, writtenBytes: 0 };
      return since;
    },
  };
}
