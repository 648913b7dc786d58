import type { PageRef, ReadPage, WritePage } from '../manifest/page.js';
import type { Sha256 } from '../model/sha256.js';
import type { Database } from './database.js';
import type { Layout } from './layout.js';

/** The pages of manifests: text, compressed with zstd, in files named by the hash of the text. All calls are synchronous. */
export class Pages {
  constructor(
    readonly layout: Layout,
    readonly db: Database,
  ) {}
  /** Whether the page is here. Asking keeps it from collection for an hour. */
  has(_ref: PageRef): boolean {
    throw new Error('soon');
  }
  /** Text of a page that is here, verified. @throws DepotError `manifest-damaged`: not here, or not what its name says (it is moved to quarantine then). */
  readonly read: ReadPage = () => {
    throw new Error('soon');
  };
  /** Keeps a page; durable after `flush`. */
  readonly write: WritePage = () => {
    throw new Error('soon');
  };
  /** Text of a page as it came from the wire, verified; never allocates more than `ref.length`. @throws DepotError `manifest-damaged` */
  decode(_ref: PageRef, _compressed: Uint8Array): string {
    throw new Error('soon');
  }
  /** Keeps a page as it came from the wire, once it is verified; durable after `flush`. @throws DepotError `manifest-damaged` */
  admit(_ref: PageRef, _compressed: Uint8Array): void {
    throw new Error('soon');
  }
  /** For serving: the bytes as they are stored, unverified; undefined when not here. */
  readCompressed(_sha256: Sha256): Promise<Uint8Array | undefined> {
    throw new Error('soon');
  }
  /** All pages kept through this `Pages` are durable when it resolves. */
  flush(): Promise<void> {
    throw new Error('soon');
  }
  remove(_sha256: Sha256): void {
    throw new Error('soon');
  }
}
