import { realHost } from '../host.js';
import { readEntries } from '../manifest/read.js';
import { DepotError } from '../model/errors.js';
import type { Head } from '../model/head.js';
import { demandSelector, type Demand } from '../model/selection.js';
import type { Sha256 } from '../model/sha256.js';
import type { TreeFinding } from '../model/upkeep-status.js';
import { unitPaths, wantedUnits } from '../model/units.js';
import { fromBlob, pagedRows } from './database.js';
import { hashFileSlowly, type HashedFile } from './hash-file.js';
import type { Job, JobControl } from './job.js';
import { reachablePages } from './reachable.js';
import { keptRepositories, retainedRoots } from './retained.js';
import type { Store } from './store.js';
import { isCode } from './system-error.js';
import { findTreeFaults, type HashFile } from './verify-tree.js';

export interface VerifyOptions {
  /** All when undefined. */
  readonly repository?: string;
  /**
   * Damaged objects go to quarantine, missing ones are forgotten, and what needs them is not complete any more, so that
   * the next cycle fetches them again. Otherwise this is only told. Damaged pages never stay.
   */
  readonly quarantine: boolean;
}

/** Lists name the first thousand of each kind; counts are complete. */
export interface VerifyResult {
  /** Objects that were read, and bytes in all. */
  readonly files: number;
  readonly bytes: number;
  readonly damaged: FoundHashes;
  /** Objects that the catalogue has and that are not there, or that a complete generation lacks. */
  readonly missing: FoundHashes;
  /** Pages of manifests that are missing or damaged. */
  readonly pages: FoundHashes;
  /** Differences between installation copies and what they should show. */
  readonly trees: { readonly count: number; readonly findings: readonly TreeFinding[] };
}

export interface FoundHashes {
  readonly count: number;
  readonly shas: readonly Sha256[];
}

const listed = 1000;

/** After a megabyte the disk is left to others for a moment. */
const restAfterBytes = 1024 * 1024;
const restMs = 2;

/** Re-hashes what is stored, walks the manifests, and compares the installation copies with them. */
export const verify: Job<VerifyOptions, VerifyResult> = {
  name: 'verify',
  background: true,
  async run(store, { repository, quarantine }, control) {
    const run = new Verification(store, control, quarantine);
    const repositories = keptRepositories(store).filter((name) => repository === undefined || name === repository);
    await run.objects(repository);
    for (const name of repositories) {
      run.pages(name);
      await run.completeness(name);
      run.knownDamage(name);
      await run.tree(name);
    }
    return run.result();
  },
};

class Verification {
  private files = 0;
  private bytes = 0;
  private readonly damaged = new Set<Sha256>();
  private readonly missing = new Set<Sha256>();
  private readonly brokenPages = new Set<Sha256>();
  private readonly findings: TreeFinding[] = [];
  private findingCount = 0;

  constructor(
    private readonly store: Store,
    private readonly control: JobControl,
    private readonly quarantine: boolean,
  ) {}

  async objects(repository: string | undefined): Promise<void> {
    for (const { sha256, ctimeUs } of listObjects(this.store, repository)) {
      const found = await this.look(sha256);
      this.files += 1;
      if (found === undefined) {
        this.missing.add(sha256);
        if (this.quarantine) this.store.objects.forget(sha256);
      } else if (found.sha256 !== sha256) {
        this.damaged.add(sha256);
        if (this.quarantine) this.store.objects.quarantine(sha256);
      } else if (found.stat.ctimeUs !== ctimeUs) {
        this.store.objects.enter(sha256, found.stat);
      }
    }
  }

  pages(repository: string): void {
    const { store } = this;
    const seen = new Set<Sha256>();
    for (const { root, whole } of retainedRoots(store, repository, store.heads.list(repository))) {
      for (const { ref, page } of reachablePages(store, root, seen)) {
        this.control.throwIfStopped();
        // Of a head whose content is not wanted here, the manifest may never have come.
        const isExpected = whole || ref.sha256 !== root.sha256;
        if (page === undefined && isExpected) this.brokenPages.add(ref.sha256);
      }
    }
  }

  /** Objects that the newest complete generation asks for, and that the catalogue lacks. */
  async completeness(repository: string): Promise<void> {
    const { store } = this;
    const newest = store.heads.list(repository).find(({ complete }) => complete !== undefined);
    if (newest?.complete === undefined) return;
    const wants = this.wholePaths(newest.head, newest.complete);
    const before = this.missing.size;
    await passBrokenPages(() => {
      for (const entry of readEntries(newest.head.root, store.pages.read)) {
        if (entry.type !== 'file' || !wants(entry.path)) continue;
        if (!store.objects.has(entry.object) && !this.damaged.has(entry.object)) this.missing.add(entry.object);
      }
    });
    if (this.quarantine && this.missing.size > before) store.heads.clearComplete(repository);
  }

  /** What must be here: of packages the units that are said to be whole. */
  private wholePaths(head: Head, demand: Demand): (path: string) => boolean {
    const { store } = this;
    if (head.kind === 'mirror') return demandSelector(demand);
    const isWhole = store.units.whole(head.repository);
    return unitPaths(wantedUnits(store.packages.of(head.root), demand).filter(isWhole));
  }

  /** What was found before, and has not come back. */
  knownDamage(repository: string): void {
    for (const sha256 of this.store.damage.waiting(repository)) if (!this.damaged.has(sha256)) this.missing.add(sha256);
  }

  async tree(repository: string): Promise<void> {
    await passBrokenPages(async () => {
      for await (const finding of findTreeFaults(this.store, repository, this.hash)) {
        this.findingCount += 1;
        if (this.findings.length < listed) this.findings.push(finding);
      }
    });
  }

  result(): VerifyResult {
    const hashes = (found: ReadonlySet<Sha256>): FoundHashes => ({
      count: found.size,
      shas: [...found].slice(0, listed),
    });
    return {
      files: this.files,
      bytes: this.bytes,
      damaged: hashes(this.damaged),
      missing: hashes(this.missing),
      pages: hashes(this.brokenPages),
      trees: { count: this.findingCount, findings: this.findings },
    };
  }

  private async look(sha256: Sha256): Promise<HashedFile | undefined> {
    try {
      return await this.hash(this.store.layout.objectFile(sha256));
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  private readonly hash: HashFile = (path) =>
    hashFileSlowly(path, async (bytes) => {
      this.control.throwIfStopped();
      this.bytes += bytes;
      this.control.progress({ files: this.files, bytes: this.bytes });
      if (bytes >= restAfterBytes) await realHost.sleep(restMs);
    });
}

function* listObjects(store: Store, repository: string | undefined): Generator<{ sha256: Sha256; ctimeUs: number }> {
  interface Row {
    readonly sha256: Buffer;
    readonly ctime_us: number;
  }
  const read = store.db.prepare<[{ after: Buffer; limit: number; repository: string | null }], Row>(
    repository === undefined
      ? 'SELECT sha256, ctime_us FROM objects WHERE sha256 > @after ORDER BY sha256 LIMIT @limit'
      : `SELECT sha256, ctime_us FROM membership JOIN objects USING (sha256)
         WHERE repository = @repository AND sha256 > @after ORDER BY sha256 LIMIT @limit`,
  );
  const rows = pagedRows<Row, Buffer>(
    (after, limit) => read.all({ after: after ?? Buffer.alloc(0), limit, repository: repository ?? null }),
    ({ sha256 }) => sha256,
  );
  for (const { sha256, ctime_us: ctimeUs } of rows) yield { sha256: fromBlob(sha256), ctimeUs };
}

/** Pages that are missing or damaged have been told already. */
async function passBrokenPages(work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DepotError) || error.code !== 'manifest-damaged') throw error;
  }
}
