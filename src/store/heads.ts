import { rmSync } from 'node:fs';
import { DepotError } from '../model/errors.js';
import { parseHead, type HeadFile } from '../model/head.js';
import { covers, unionDemand, type Demand } from '../model/selection.js';
import type { Sha256 } from '../model/sha256.js';
import { inTransaction, type Database } from './database.js';
import { writeFileDurably } from './durable.js';
import { countReference } from './facts.js';
import type { Layout } from './layout.js';

export interface HeadRow extends HeadFile {
  readonly publishedAtMs: number;
  /** When this depot took the head over. */
  readonly seenAtMs: number;
  /** What the generation is held complete for. */
  readonly complete: Demand | undefined;
}

interface StoredHead {
  readonly bytes: Buffer;
  readonly seen_ms: number;
  readonly complete: string | null;
}

const select = 'SELECT bytes, seen_ms, complete FROM heads WHERE repository = ?';

/** The heads of all repositories, as files (as they are served) and as rows. All heads of a repository are of one epoch. */
export class Heads {
  constructor(
    private readonly layout: Layout,
    private readonly db: Database,
    private readonly now: () => number,
  ) {}

  /**
   * Keeps a head: the file first, durably, then the row. The same head again does nothing.
   * @throws DepotError `head-refused` for another head of a held generation, or one of another epoch before `startOver`
   */
  async put(file: HeadFile): Promise<void> {
    const { repository, generation } = file.head;
    if (this.isKnown(file)) return;
    await writeFileDurably(this.layout.headFile(repository, generation), file.bytes);
    this.enter(file);
  }

  /** The row of a head whose file is there. */
  enter(file: HeadFile): void {
    inTransaction(this.db, () => {
      if (this.isKnown(file)) return;
      countReference(this.db);
      this.db
        .prepare('INSERT INTO heads (repository, generation, bytes, seen_ms) VALUES (?, ?, ?, ?)')
        .run(file.head.repository, file.head.generation, file.bytes, this.now());
    });
  }

  get(repository: string, generation: number): HeadRow | undefined {
    return this.read(`${select} AND generation = ?`, repository, generation)[0];
  }

  newest(repository: string): HeadRow | undefined {
    return this.read(`${select} ORDER BY generation DESC LIMIT 1`, repository)[0];
  }

  /** The oldest one above a generation. */
  oldestAfter(repository: string, generation: number): HeadRow | undefined {
    return this.read(`${select} AND generation > ? ORDER BY generation LIMIT 1`, repository, generation)[0];
  }

  /** Newest first. */
  list(repository: string): HeadRow[] {
    return this.read(`${select} ORDER BY generation DESC`, repository);
  }

  /** Whether the page is the root of the manifest of a head that is held. Reads no head whole. */
  isRoot(repository: string, page: Sha256): boolean {
    const sql = 'SELECT 1 FROM heads WHERE repository = ? AND instr(bytes, ?)';
    return this.db.prepare(sql).get(repository, Buffer.from(page)) !== undefined;
  }

  /** The repositories of which a head is held, sorted. */
  repositories(): string[] {
    return this.db
      .prepare<[], { repository: string }>('SELECT DISTINCT repository FROM heads ORDER BY repository')
      .all()
      .map(({ repository }) => repository);
  }

  /** All objects that `demand` selects of this generation are held. Takes the place of what was recorded for it before. */
  markComplete(repository: string, generation: number, demand: Demand): void {
    this.db
      .prepare('UPDATE heads SET complete = ? WHERE repository = ? AND generation = ?')
      .run(JSON.stringify(unionDemand([demand])), repository, generation);
  }

  completeness(repository: string, generation: number): Demand | undefined {
    return this.get(repository, generation)?.complete;
  }

  /** The newest generation that is held complete for all that is wanted. Reads none but that one whole. */
  newestComplete(repository: string, demand: Demand): HeadRow | undefined {
    const rows = this.db
      .prepare<[string], { generation: number; complete: string }>(
        `SELECT generation, complete FROM heads WHERE repository = ? AND complete IS NOT NULL ORDER BY generation DESC`,
      )
      .iterate(repository);
    const tooLittle = new Set<string>();
    for (const { generation, complete } of rows) {
      if (tooLittle.has(complete)) continue;
      if (covers(JSON.parse(complete) as Demand, demand)) return this.get(repository, generation);
      tooLittle.add(complete);
    }
    return undefined;
  }

  /** Nothing of the repository is known to be complete any more; the next cycle finds out. */
  clearComplete(repository: string): void {
    this.db.prepare('UPDATE heads SET complete = NULL WHERE repository = ?').run(repository);
    this.db.prepare('DELETE FROM units WHERE repository = ?').run(repository);
  }

  /** The epoch that a person approved in place of the held one. */
  approvedEpoch(repository: string): string | undefined {
    return this.db
      .prepare<[string], { epoch: string }>('SELECT epoch FROM approved_epochs WHERE repository = ?')
      .get(repository)?.epoch;
  }

  approveEpoch(repository: string, epoch: string): void {
    this.db.prepare('INSERT OR REPLACE INTO approved_epochs VALUES (?, ?)').run(repository, epoch);
  }

  /** Forgets all heads of the repository, so that one of another epoch may follow. What the installation copy shows stays. */
  startOver(repository: string): void {
    for (const { head } of this.list(repository)) this.remove(repository, head.generation);
  }

  /** Row first, then the file. */
  remove(repository: string, generation: number): void {
    this.db.prepare('DELETE FROM heads WHERE repository = ? AND generation = ?').run(repository, generation);
    rmSync(this.layout.headFile(repository, generation), { force: true });
  }

  private isKnown(file: HeadFile): boolean {
    const { repository, generation, epoch } = file.head;
    const held = this.get(repository, generation);
    if (held?.sha256 === file.sha256) return true;
    if (held !== undefined) {
      throw new DepotError('head-refused', `another head is held as generation ${generation} of ${repository}`);
    }
    const newest = this.newest(repository);
    if (newest !== undefined && newest.head.epoch !== epoch) {
      throw new DepotError(
        'head-refused',
        `the heads held of ${repository} are of epoch ${newest.head.epoch}, not ${epoch}`,
      );
    }
    return false;
  }

  private read(sql: string, ...parameters: readonly (string | number)[]): HeadRow[] {
    return this.db
      .prepare<(string | number)[], StoredHead>(sql)
      .all(...parameters)
      .map(({ bytes, seen_ms: seenAtMs, complete }) => {
        const file = parseHead(bytes);
        return {
          ...file,
          publishedAtMs: Date.parse(file.head.publishedAt),
          seenAtMs,
          complete: complete === null ? undefined : (JSON.parse(complete) as Demand),
        };
      });
  }
}
