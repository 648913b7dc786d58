import { childPages, isLeaf } from '../manifest/page.js';
import type { Sha256 } from '../model/sha256.js';
import { limits } from '../protocol/limits.js';
import type { Store } from '../store/store.js';

/** Pages of one repository that are remembered; each is some hundred bytes. Beyond it those who ask begin at the root. */
const remembered = 100_000;

/**
 * The pages that a child may have of a repository: the roots of its heads, and what pages list that were given before. A
 * child comes from the root to any page that it lacks, so it is never refused one of its own; and the hash of a page of
 * another repository, however it was learned, is worth nothing.
 */
export class ListedPages {
  private readonly listed = new Map<string, Set<Sha256>>();

  constructor(private readonly store: Store) {}

  /** A page as it is stored, compressed; undefined where it is not here or not of that repository. */
  async read(repository: string, page: Sha256): Promise<Uint8Array | undefined> {
    const { heads, pages } = this.store;
    const known = this.listed.get(repository);
    if (known?.has(page) !== true && !heads.isRoot(repository, page)) return undefined;
    const compressed = await pages.readCompressed(page);
    if (compressed !== undefined) this.note(repository, page);
    return compressed;
  }

  /** Pages as `read` gives them, the first of them, as many as one answer may have, and one however large it is. */
  async readMany(repository: string, pages: readonly Sha256[]): Promise<(Uint8Array | undefined)[]> {
    let bytes = 0;
    let isFull = false;
    const found: (Uint8Array | undefined)[] = [];
    for (const page of pages) {
      const compressed: Uint8Array | undefined = isFull ? undefined : await this.read(repository, page);
      const length: number = compressed?.length ?? 0;
      isFull ||= bytes > 0 && bytes + length > limits.pagesBytes;
      if (!isFull) bytes += length;
      found.push(isFull ? undefined : compressed);
    }
    return found;
  }

  private note(repository: string, page: Sha256): void {
    const text = this.store.pages.inspect(page);
    if (text === undefined || isLeaf(text)) return;
    const below = childPages(text, { sha256: page, length: Buffer.byteLength(text) });
    if (below.length === 0) return;
    const known = this.listed.get(repository) ?? new Set();
    if (known.size >= remembered) known.clear();
    for (const { sha256 } of below) known.add(sha256);
    this.listed.set(repository, known);
  }
}
