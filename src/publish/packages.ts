import { join } from 'node:path';
import { asDepotError, DepotError } from '../model/errors.js';
import type { HeadFile } from '../model/head.js';
import type { PackageRecord, Ring, Targets } from '../model/package.js';
import type { PackageResult, PackageStatus, PrepareResult } from '../model/package-status.js';
import { checkName, foldKey } from '../model/portable.js';
import type { StatusError } from '../model/status-error.js';
import { makeFolderDurably } from '../store/durable.js';
import type { Lifetimes } from '../trust/sign.js';
import { signAgain } from './generation.js';
import * as commands from './package-commands.js';
import { packageDifference } from './package-difference.js';
import { PackageLedger, type Entered } from './package-ledger.js';
import { cancelRelease, expire, release, retire } from './package-releases.js';
import { refusal } from './package-rules.js';
import { packageStatus } from './package-view.js';
import type { CreateOrder, EditOrder, PrepareCommand, PrepareWork, ReleaseCommand } from './package-orders.js';
import type { PackageType, PackagesDeps, PackagesSource } from './packages-source.js';
import { Signer } from './signer.js';
import { fillWork, healFromWork } from './work-folders.js';
import { readWorkCopy } from './work-copy.js';

export interface PackagesPublisherDeps extends PackagesDeps {
  readonly lifetimes: () => Lifetimes;
  /** Told of each new generation, once it is durable. */
  readonly onPublished?: (head: HeadFile) => void | Promise<void>;
}

const hourMs = 3600 * 1000;

/**
 * One repository of packages at its master depot. Commands of several administrators run one after the other; each that
 * changes something is a generation.
 */
export class PackagesPublisher {
  readonly signer: Signer;
  private readonly ledger: PackageLedger;
  private last: Promise<unknown> = Promise.resolve();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private error: StatusError | null = null;

  constructor(
    private source: PackagesSource,
    private readonly deps: PackagesPublisherDeps,
  ) {
    this.signer = new Signer(deps.store, deps.host, source.repository, deps.lifetimes);
    this.ledger = new PackageLedger(deps, () => this.source, this.signer);
  }

  /** From then on signs again in time, and lets go of what `keep` does not keep. */
  start(): void {
    this.running ??= this.keepUp();
  }

  list(): PackageStatus<string>[] {
    return this.ledger
      .records()
      .filter(({ deletedAt }) => deletedAt === null)
      .map((record) => this.show(record));
  }

  get(name: string): PackageStatus<string> {
    return this.show(this.ledger.get(name));
  }

  async create(name: string, order: CreateOrder): Promise<PackageResult> {
    const created = await this.change(name, () => {
      const flaw = checkName(name, 'strict');
      if (flaw !== undefined) throw new DepotError('bad-request', `the name ${flaw}`, { retry: 'never' });
      const records = this.ledger.records();
      const twin = records.find((each) => each.name !== name && foldKey(each.name) === foldKey(name));
      if (twin !== undefined) {
        throw refusal('name-taken', `Windows and macOS take ${name} and the package ${twin.name} for one name`);
      }
      const { type, title = name, vendor = null, version = null, priority = 'normal' } = order;
      const before = records.find((each) => each.name === name);
      const terms = { ...this.termsOf(type), keep: this.source.keep };
      return commands.create(name, before, { type, title, vendor, version, priority }, terms);
    });
    await makeFolderDurably(join(this.source.work, name));
    return created;
  }

  edit(name: string, { keep, ...facts }: EditOrder): Promise<PackageResult> {
    return this.change(name, () => {
      const terms = { ...(facts.type === undefined ? {} : this.termsOf(facts.type)), ...(keep && { keep }) };
      return commands.edit(this.ledger.get(name), facts, terms);
    });
  }

  /** Its record and what it released are gone; the work copy stays, for whoever is sure to remove it. */
  remove(name: string): Promise<PackageResult> {
    return this.change(name, (at, nowMs) => commands.remove(this.ledger.get(name), at, nowMs));
  }

  /** Freezes the work copy into the next revision. A work copy with problems makes none, and they are all in the result. */
  prepare(name: string, order: PrepareCommand, work: PrepareWork): Promise<PrepareResult> {
    return this.inTurn(async () => {
      const { repository } = this.source;
      const record = this.ledger.get(name);
      if (!order.dryRun) commands.requirePreparable(record, repository);
      const { manifest, problems } = await readWorkCopy(this.source, this.deps, name, work);
      if (problems.length > 0) {
        return { package: this.show(record), generation: null, revision: null, change: null, problems };
      }
      const { sha256, length, files, bytes } = manifest;
      const version = order.version ?? record.version;
      const frozen = { files, bytes, manifest: { sha256, length }, note: order.note, version };
      const next = commands.prepare(record, frozen, this.now(), repository);
      const change = await this.deps.run(
        packageDifference,
        { manifest, before: this.ledger.lastPlace(record), compress: record.compress, delta: record.delta },
        { signal: work.signal },
      );
      if (order.dryRun) {
        return { package: this.show(record), generation: null, revision: null, change, problems: [] };
      }
      const { package: shown, generation } = await this.publish(await this.ledger.enter(name, () => next));
      const revision = next.revisions.at(-1)?.revision ?? null;
      return { package: shown, generation, revision, change, problems: [] };
    });
  }

  distribute(name: string, targets: Targets | null): Promise<PackageResult> {
    const { context } = this.source;
    return this.change(name, (_at, _nowMs, generation) =>
      commands.distribute(this.ledger.get(name), targets, context, generation),
    );
  }

  release(name: string, { ring, ...order }: ReleaseCommand): Promise<PackageResult> {
    return this.change(name, (commandedAt, _nowMs, generation) =>
      release(this.ledger.get(name), { ...order, ring: this.ringOf(ring), commandedAt, generation }),
    );
  }

  cancelRelease(name: string): Promise<PackageResult> {
    return this.change(name, (_at, nowMs) => cancelRelease(this.ledger.get(name), nowMs));
  }

  revoke(name: string): Promise<PackageResult> {
    return this.change(name, (at, nowMs) => commands.revoke(this.ledger.get(name), at, nowMs));
  }

  retire(name: string, revision: number | null): Promise<PackageResult> {
    return this.change(name, (at, nowMs) => retire(this.ledger.get(name), revision, at, nowMs));
  }

  /** Signs what is published as the next generation. @returns its number; null where nothing is published */
  signAgain(): Promise<number | null> {
    return this.inTurn(async () => {
      const head = await signAgain(this.deps.store, this.deps.host, this.signer, this.source.repository);
      if (head === null) return null;
      await this.deps.onPublished?.(head);
      return head.head.generation;
    });
  }

  /** Reads files that were lost again from the work copies. @returns how many are here again, and how many there were */
  heal(signal: AbortSignal): Promise<{ readonly healed: number; readonly lost: number }> {
    return this.inTurn(() => healFromWork(this.ledger, this.source, this.deps, signal));
  }

  /** Packages have no source that is scanned. */
  status(): null {
    return null;
  }

  lastError(): StatusError | null {
    return this.error;
  }

  reconfigure(source: PackagesSource): void {
    if (JSON.stringify(source) === JSON.stringify(this.source)) return;
    this.source = source;
    if (this.running !== undefined) void this.tidy();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.last;
  }

  private async keepUp(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await fillWork(this.ledger, this.source, this.deps, signal);
      await this.tidy();
      await this.deps.host.sleep(hourMs, signal).catch(() => undefined);
    }
  }

  /** What time and settings change: signatures, members of rings, revisions that are kept no longer. */
  private async tidy(): Promise<void> {
    try {
      const { store } = this.deps;
      const newest = store.heads.newest(this.source.repository);
      if (newest === undefined) return;
      await this.heal(this.stopping.signal);
      if (await this.signer.freshen(newest.head.generation)) await this.signAgain();
      for (const { name } of this.ledger.records()) {
        const tidied = (record: PackageRecord): PackageRecord =>
          expire(commands.withRings(record, this.source.rings), this.deps.host.now());
        await this.inTurn(async () => {
          const record = this.ledger.records().find((each) => each.name === name);
          const next = record === undefined ? undefined : tidied(record);
          if (next !== undefined && next !== record) await this.publish(await this.ledger.enter(name, () => next));
        });
      }
      this.error = null;
    } catch (thrown) {
      const { code, message, hint } = asDepotError(thrown, `upkeep of ${this.source.repository}`);
      if (code === 'interrupted') return;
      this.deps.log.warn({ repository: this.source.repository, code, hint }, message);
      this.error = { code, message, hint: hint ?? null, at: this.now() };
    }
  }

  private change(
    name: string,
    command: (at: string, nowMs: number, generation: number) => PackageRecord,
  ): Promise<PackageResult> {
    return this.inTurn(async () => {
      const nowMs = this.deps.host.now();
      const at = new Date(nowMs).toISOString();
      return this.publish(await this.ledger.enter(name, (generation) => command(at, nowMs, generation)));
    });
  }

  private async publish({ record, head }: Entered): Promise<PackageResult> {
    const { log, onPublished } = this.deps;
    const { repository, generation } = head.head;
    log.info({ repository, package: record.name, generation }, `published generation ${generation}`);
    await onPublished?.(head);
    return { package: this.show(record), generation };
  }

  private show(record: PackageRecord): PackageStatus<string> {
    const { repository, work } = this.source;
    return packageStatus(repository, join(work, record.name), record, this.deps.host.now());
  }

  private termsOf(type: string): PackageType {
    const { types } = this.source;
    const terms = Object.hasOwn(types, type) ? types[type] : undefined;
    if (terms !== undefined) return terms;
    throw new DepotError('bad-request', `there is no type ${type}`, {
      hint: `types: ${Object.keys(types).sort().join(', ')}; others are settings, packages.types`,
      retry: 'never',
    });
  }

  private ringOf(name: string | null): Ring | null {
    if (name === null) return null;
    const ring = this.source.rings.find((each) => each.name === name);
    if (ring !== undefined) return ring;
    const names = this.source.rings.map((each) => each.name);
    throw refusal(
      'unknown-ring',
      `there is no ring ${name} in ${this.source.repository}`,
      names.length === 0 ? 'rings are settings: rings, at the master depot' : `rings: ${names.join(', ')}`,
    );
  }

  private now(): string {
    return new Date(this.deps.host.now()).toISOString();
  }

  /** One after the other, whoever asked. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(() => {
      if (!this.stopping.signal.aborted) return work();
      throw new DepotError('interrupted', `${this.source.repository}: the daemon stops`);
    });
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
