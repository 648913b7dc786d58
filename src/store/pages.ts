import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compress } from 'zstd-napi';
import binding from 'zstd-napi/binding.js';
import { maxPageBytes, parsePage, type PageRef, type ReadPage, type WritePage } from '../manifest/page.js';
import { DepotError } from '../model/errors.js';
import { isSha256, sha256, type Sha256 } from '../model/sha256.js';
import { inTransaction, toBlob, type Database } from './database.js';
import { syncMany, temporaryBeside } from './durable.js';
import type { Layout } from './layout.js';
import { setAside } from './quarantine.js';
import { isCode } from './system-error.js';

/** A page that was written or asked for less than this ago is not collected. */
export const pageRestMs = 60 * 60 * 1000;

/**
 * The pages of manifests: text, compressed with zstd, in files named by the hash of the text. A page is kept after those
 * that it lists, and collected before them, so a page that is here stands for its whole subtree; while one is known to be
 * broken, that is looked up. Calls are synchronous but for those that return promises.
 */
export class Pages {
  private unsynced: string[] = [];
  private readonly inflater = new binding.DCtx();
  /** Pages that were found whole with all below them, while some page was broken and no other thread wrote anything. */
  private readonly whole = new Set<Sha256>();
  private wholeAsOf: unknown;

  constructor(
    private readonly layout: Layout,
    private readonly db: Database,
    private readonly now: () => number,
  ) {}

  /** Whether the page is here with all below it. Asking keeps it from collection for half an hour at least. */
  has(ref: PageRef): boolean {
    return this.isKept(ref) && (!this.isAnyBroken() || this.isWholeBelow(ref, this.knownWhole()));
  }

  /**
   * Text of a page that is here, verified.
   * @throws DepotError `manifest-damaged`: not here, or not what its name says; then it is in quarantine, and no generation
   * counts as complete until a cycle has fetched it again
   */
  readonly read: ReadPage = (ref) => {
    const file = this.layout.pageFile(ref.sha256);
    let compressed: Buffer;
    try {
      compressed = readFileSync(file);
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
      // A head may be here before its manifest is; below a page that is here, none may be missing.
      if (!this.isRoot(ref)) this.noteBroken(ref);
      throw new DepotError('manifest-damaged', `page ${ref.sha256} is not in the store`, { cause: error });
    }
    try {
      return this.decode(ref, compressed);
    } catch (error) {
      this.noteBroken(ref);
      if (!this.db.readonly) setAside(this.layout, file);
      throw error;
    }
  };

  /** Keeps a page; durable after `flush`. A page that is here already, and whole, stays. */
  readonly write: WritePage = (text) => {
    const bytes = Buffer.from(text);
    const ref = { sha256: sha256(bytes), length: bytes.length };
    if (!this.isKept(ref) || !this.isWhole(ref)) this.place(ref, compress(bytes, { compressionLevel: 3 }));
    return ref;
  };

  /** All pages that are here; `mtimeMs`: when the page was written, or asked for. */
  *list(): Generator<{ readonly page: Sha256; readonly mtimeMs: number; readonly size: number }> {
    for (const folder of readdirSync(this.layout.pages)) {
      for (const page of readdirSync(join(this.layout.pages, folder)).filter(isSha256)) {
        const stats = statSync(this.layout.pageFile(page), { throwIfNoEntry: false });
        if (stats !== undefined) yield { page, mtimeMs: stats.mtimeMs, size: stats.size };
      }
    }
  }

  /** Text of a page of which only the name is known; undefined when it is not here or damaged. */
  inspect(page: Sha256): string | undefined {
    try {
      const compressed = readFileSync(this.layout.pageFile(page));
      return this.decode({ sha256: page, length: binding.getFrameContentSize(compressed) ?? Infinity }, compressed);
    } catch (error) {
      if (error instanceof DepotError || isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /**
   * Text of a page as it came from the wire, verified; never allocates more than `ref.length` for it.
   * @throws DepotError `manifest-damaged`
   */
  decode(ref: PageRef, compressed: Uint8Array): string {
    const damaged = (what: string, cause?: unknown): DepotError =>
      new DepotError('manifest-damaged', `page ${ref.sha256} ${what}`, { cause });
    if (ref.length > maxPageBytes) throw damaged(`has ${ref.length} bytes, more than a page may have`);
    const bytes = Buffer.allocUnsafe(ref.length);
    let length: number;
    try {
      length = this.inflater.decompress(bytes, compressed);
    } catch (cause) {
      throw damaged(`does not decompress to its ${ref.length} bytes`, cause);
    }
    if (length !== ref.length) throw damaged(`has ${length} bytes instead of ${ref.length}`);
    if (sha256(bytes) !== ref.sha256) throw damaged('does not hash to its name');
    if (!isUtf8(bytes)) throw damaged('is not UTF-8');
    return bytes.toString();
  }

  /** Keeps a page as it came from the wire, once it is verified; durable after `flush`. @throws DepotError `manifest-damaged` */
  admit(ref: PageRef, compressed: Uint8Array): void {
    const text = this.decode(ref, compressed);
    // Those who know only its name read its length there; a parent that leaves it out must not hide what the page lists.
    const saysLength = binding.getFrameContentSize(Buffer.from(compressed)) === ref.length;
    this.place(ref, saysLength ? compressed : compress(Buffer.from(text), { compressionLevel: 3 }));
  }

  /** For serving: the bytes as they are stored, unverified; undefined when not here. */
  async readCompressed(page: Sha256): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.layout.pageFile(page));
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /** All pages kept through this `Pages`, and not collected or quarantined since, are durable when it resolves. */
  async flush(): Promise<void> {
    const files = this.unsynced;
    this.unsynced = [];
    try {
      await syncMany(this.layout.data, files, { mayBeGone: true });
    } catch (error) {
      this.unsynced.push(...files);
      throw error;
    }
  }

  /** Whether the page itself is here; it is noted that somebody relies on it. */
  private isKept(ref: PageRef): boolean {
    const file = this.layout.pageFile(ref.sha256);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return false;
    return this.db.readonly || this.now() - stats.mtimeMs < pageRestMs / 2 || this.keep(file);
  }

  /** Under the write lock, as a collection looks at it and removes it: who was told that the page is here finds it. */
  private keep(file: string): boolean {
    return inTransaction(this.db, () => {
      try {
        utimesSync(file, this.now() / 1000, this.now() / 1000);
        return true;
      } catch (error) {
        if (isCode(error, 'ENOENT')) return false;
        throw error;
      }
    });
  }

  private noteBroken({ sha256: page }: PageRef): void {
    if (this.db.readonly) return;
    inTransaction(this.db, () => {
      const { changes } = this.db.prepare('INSERT OR IGNORE INTO broken_pages VALUES (?)').run(toBlob(page));
      if (changes > 0) this.whole.clear();
      this.db.prepare('UPDATE heads SET complete = NULL WHERE complete IS NOT NULL').run();
    });
  }

  private isAnyBroken(): boolean {
    return this.db.prepare('SELECT 1 FROM broken_pages LIMIT 1').get() !== undefined;
  }

  private isRoot({ sha256: page }: PageRef): boolean {
    return this.db.prepare('SELECT 1 FROM heads WHERE instr(bytes, ?)').get(Buffer.from(page)) !== undefined;
  }

  /** Manifests share most of their pages, and their roots are asked for one after the other: none is read twice for that. */
  private knownWhole(): Set<Sha256> {
    const asOf = this.db.pragma('data_version', { simple: true });
    if (asOf !== this.wholeAsOf) this.whole.clear();
    this.wholeAsOf = asOf;
    return this.whole;
  }

  private isWholeBelow(ref: PageRef, known: Set<Sha256>): boolean {
    if (known.has(ref.sha256)) return true;
    try {
      const { branches = [] } = parsePage(this.read(ref), ref);
      if (!branches.every((branch) => this.isWholeBelow(branch, known))) return false;
    } catch (error) {
      if (error instanceof DepotError) return false;
      throw error;
    }
    known.add(ref.sha256);
    return true;
  }

  private isWhole(ref: PageRef): boolean {
    try {
      this.decode(ref, readFileSync(this.layout.pageFile(ref.sha256)));
      return true;
    } catch {
      return false;
    }
  }

  private place(ref: PageRef, compressed: Uint8Array): void {
    const file = this.layout.pageFile(ref.sha256);
    const temporary = temporaryBeside(file);
    try {
      writeFileSync(temporary, compressed, { mode: 0o644 });
      renameSync(temporary, file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    this.unsynced.push(file);
    if (this.isAnyBroken()) this.db.prepare('DELETE FROM broken_pages WHERE sha256 = ?').run(toBlob(ref.sha256));
  }
}
