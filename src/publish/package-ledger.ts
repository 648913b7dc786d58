import { DepotError } from '../model/errors.js';
import type { PageRef } from '../manifest/page.js';
import type { HeadFile } from '../model/head.js';
import type { PackageRecord } from '../model/package.js';
import { heldRevisions } from '../model/revisions.js';
import { recountUnits } from '../store/complete-units.js';
import { composePackage } from './compose-package.js';
import { finishGeneration, isFinished, nextGeneration, publishGeneration } from './generation.js';
import { refusal } from './package-rules.js';
import type { PackagesDeps, PackagesSource } from './packages-source.js';
import type { Signer } from './signer.js';

/** A record that was changed, and the generation that says so. */
export interface Entered {
  readonly record: PackageRecord;
  readonly head: HeadFile;
}

/** The records of a repository as its newest generation has them, and how another generation comes of one that changed. */
export class PackageLedger {
  constructor(
    private readonly deps: PackagesDeps,
    private readonly source: () => PackagesSource,
    private readonly signer: Signer,
  ) {}

  /** All, those that were deleted too. */
  records(): readonly PackageRecord[] {
    const newest = this.deps.store.heads.newest(this.source().repository);
    return newest === undefined ? [] : this.deps.store.packages.of(newest.head.root);
  }

  /** One that was deleted counts as none. @throws DepotError `package-refused` */
  get(name: string): PackageRecord {
    const record = this.records().find((each) => each.name === name);
    if (record !== undefined && record.deletedAt === null) return record;
    const names = this.records().filter(({ deletedAt }) => deletedAt === null);
    const { repository } = this.source();
    throw refusal(
      'unknown-package',
      `there is no package ${name} in ${repository}`,
      names.length === 0 ? `depot package create ${repository}/${name}` : `depot package list ${repository}`,
    );
  }

  /** Where the files of its last revision are; null where there is none. */
  lastPlace(record: PackageRecord): { readonly root: PageRef; readonly folder: string } | null {
    const last = heldRevisions(record).at(-1);
    const newest = this.deps.store.heads.newest(this.source().repository);
    if (last === undefined || newest === undefined) return null;
    return { root: newest.head.root, folder: `${record.name}/${last.revision}` };
  }

  /** Publishes what a package is from now on. `change` is told the number of the generation that will say so. */
  async enter(name: string, change: (generation: number) => PackageRecord): Promise<Entered> {
    const { store, run, host } = this.deps;
    const { repository, context } = this.source();
    await this.recover();
    const newest = store.heads.newest(repository);
    const before = this.records().find((each) => each.name === name) ?? null;
    const record = change(nextGeneration(store, repository));
    const root = await run(composePackage, {
      repository,
      root: newest?.head.root ?? null,
      record,
      before,
      nowMs: host.now(),
    });
    const head = await publishGeneration(store, host, this.signer, repository, { context, kind: 'packages' }, root);
    finishGeneration(store, head);
    return { record, head };
  }

  /**
   * Finishes a generation that is not known to be complete: a crash came after its head, the catalogue was lost, or damage
   * was found. What is missing then is in the log, and not whole for depots below.
   */
  async recover(): Promise<void> {
    const { store, log } = this.deps;
    const newest = store.heads.newest(this.source().repository);
    if (newest === undefined) return;
    if (newest.head.kind !== 'packages') {
      throw new DepotError('bad-request', `${newest.head.repository} was published as a mirror`, {
        hint: 'a repository keeps its kind: give the packages another name',
        retry: 'never',
      });
    }
    if (isFinished(newest)) return;
    const missing = await this.recount();
    const { repository } = newest.head;
    if (missing.length > 0) log.error({ repository, missing }, `${missing.length} revisions have lost files`);
    finishGeneration(store, newest);
  }

  /** Finds out which revisions are whole. @returns those that are not: `vlc/3` */
  async recount(): Promise<readonly string[]> {
    const newest = this.deps.store.heads.newest(this.source().repository);
    if (newest === undefined) return [];
    const { repository, root } = newest.head;
    return (await this.deps.run(recountUnits, { repository, root })).missing;
  }
}
