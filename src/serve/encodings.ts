import { open, type FileHandle } from 'node:fs/promises';
import { formatEncodingName, type EncodingName } from '../model/encoding.js';
import type { RunJob } from '../store/job.js';
import { makeEncoding, type EncodingMade } from '../store/make-encoding.js';
import type { Store } from '../store/store.js';
import { isCode } from '../store/system-error.js';

/** What is made for children in an hour, bytes of objects; beyond, they take what there is. A child can ask for any pair. */
const budgetBytes = 16 * 1024 ** 3;
const budgetMs = 3_600_000;

/** Names of encodings that did not pay; each is some hundred bytes. */
const remembered = 10_000;

/** Encodings for children: what publishing made, or what came from above, or what is made here when it is first asked for. */
export class Encodings {
  private readonly making = new Map<string, Promise<EncodingMade>>();
  private readonly declined = new Set<string>();
  private spent = { bytes: 0, sinceMs: 0 };

  constructor(
    private readonly store: Store,
    private readonly run: RunJob,
    private readonly now: () => number,
  ) {}

  /** Undefined where there is none to give. All who ask for the same wait for one making. */
  async open(name: EncodingName): Promise<{ readonly handle: FileHandle; readonly size: number } | undefined> {
    const key = formatEncodingName(name);
    if (this.declined.has(key)) return undefined;
    const kept = await this.openFile(name);
    if (kept !== undefined) return kept;
    if (!this.making.has(key) && !this.spend(name)) return undefined;
    const made = await this.make(key, name);
    if (made === 'ready') return this.openFile(name);
    if (made === 'declined') this.decline(key);
    return undefined;
  }

  private make(key: string, name: EncodingName): Promise<EncodingMade> {
    const running = this.making.get(key) ?? this.run(makeEncoding, name).finally(() => this.making.delete(key));
    this.making.set(key, running);
    return running;
  }

  /** False where the budget is used up. */
  private spend({ sha256 }: EncodingName): boolean {
    const now = this.now();
    if (now - this.spent.sinceMs > budgetMs) this.spent = { bytes: 0, sinceMs: now };
    this.spent.bytes += this.store.objects.size(sha256) ?? 0;
    return this.spent.bytes <= budgetBytes;
  }

  private decline(key: string): void {
    this.declined.add(key);
    const [oldest] = this.declined;
    if (this.declined.size > remembered && oldest !== undefined) this.declined.delete(oldest);
  }

  private async openFile(name: EncodingName) {
    try {
      const handle = await open(this.store.layout.encodingFile(name), 'r');
      return { handle, size: (await handle.stat()).size };
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
}
