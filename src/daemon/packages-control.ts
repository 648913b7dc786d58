import type { PackageReadiness, PackageResult, PackageStatus, PrepareResult } from '../model/package-status.js';
import type { ReleaseCommand } from '../publish/package-orders.js';
import type { PackagesPublisher } from '../publish/packages.js';
import type { LongWork } from '../serve/control-api.js';
import type { PackageFactsInput, PackageName, PackagesApi, PrepareOrder } from '../serve/packages-api.js';
import type { PackageRecord } from '../model/package.js';
import { packageStatus } from '../publish/package-view.js';
import { depotFacts } from './facts.js';
import { readinessOf } from '../serve/readiness.js';
import { DepotError } from '../model/errors.js';
import type { RunningDepot } from './running-depot.js';

/** What commands about packages ask of a running daemon. */
export class PackagesControl implements PackagesApi {
  constructor(private readonly depot: RunningDepot) {}

  async list(repository: string): Promise<readonly PackageStatus[]> {
    if (this.isPublished(repository)) return this.at(repository).list();
    return this.here(repository).map((record) => this.view(repository, record));
  }

  async show({ repository, name }: PackageName): Promise<PackageStatus> {
    return this.find(repository, name);
  }

  async create({ repository, name }: PackageName, facts: PackageFactsInput): Promise<PackageResult> {
    const { type, ...given } = withoutNulls(facts);
    if (type !== undefined) return this.at(repository).create(name, { type, ...given });
    throw new DepotError('bad-request', `a package has a type: --type app, msi, os, script, book`, { retry: 'never' });
  }

  async edit({ repository, name }: PackageName, facts: PackageFactsInput): Promise<PackageResult> {
    return this.at(repository).edit(name, withoutNulls(facts));
  }

  async remove({ repository, name }: PackageName): Promise<PackageResult> {
    return this.at(repository).remove(name);
  }

  async prepare(
    { repository, name }: PackageName,
    { note, version, dryRun, signal, onEvent }: LongWork & PrepareOrder,
  ): Promise<PrepareResult> {
    return this.at(repository).prepare(
      name,
      { note, version, dryRun },
      {
        signal,
        onProgress: ({ phase, files, bytes }) => void onEvent({ type: 'progress', repository, phase, files, bytes }),
      },
    );
  }

  async distribute(
    { repository, name }: PackageName,
    to: readonly string[],
    except: readonly string[],
  ): Promise<PackageResult> {
    const isNew = to.length + except.length > 0;
    return this.at(repository).distribute(name, isNew ? { to: [...to], except: [...except] } : null);
  }

  async release({ repository, name }: PackageName, order: ReleaseCommand): Promise<PackageResult> {
    return this.at(repository).release(name, order);
  }

  async cancelRelease({ repository, name }: PackageName): Promise<PackageResult> {
    return this.at(repository).cancelRelease(name);
  }

  async revoke({ repository, name }: PackageName): Promise<PackageResult> {
    return this.at(repository).revoke(name);
  }

  async retire({ repository, name }: PackageName, revision: number | null): Promise<PackageResult> {
    return this.at(repository).retire(name, revision);
  }

  async readiness({ repository, name }: PackageName): Promise<PackageReadiness> {
    const status = this.find(repository, name);
    return {
      package: status,
      depots: readinessOf(this.depot.store, depotFacts(this.depot), repository, name, this.depot.host.now()),
    };
  }

  private isPublished(repository: string): boolean {
    return this.depot.publishers.find(repository) !== undefined;
  }

  private find(repository: string, name: string): PackageStatus {
    if (this.isPublished(repository)) return this.at(repository).get(name);
    const record = this.here(repository).find((each) => each.name === name);
    if (record !== undefined) return this.view(repository, record);
    throw new DepotError('not-found', `no package ${name} of ${repository} is known here`, {
      hint: `depot package list ${repository}; a new one comes one level a poll`,
      retry: 'never',
    });
  }

  private view(repository: string, record: PackageRecord): PackageStatus {
    return packageStatus(repository, null, record, this.depot.host.now());
  }

  /** Those of the newest generation whose records are whole at this depot, which is a child. @throws DepotError `not-found` */
  private here(repository: string): readonly PackageRecord[] {
    const { heads, packages } = this.depot.store;
    const head = heads.newestComplete(repository, [])?.head;
    if (head?.kind === 'packages') return packages.of(head.root).filter(({ deletedAt }) => deletedAt === null);
    throw new DepotError('not-found', `no packages of a repository ${repository} are known here`, {
      hint: 'depot status lists the repositories that are here',
      retry: 'never',
    });
  }

  private at(repository: string): PackagesPublisher {
    return this.depot.publishers.packages(repository);
  }
}

type Given<Facts> = { [Key in keyof Facts]?: Exclude<Facts[Key], null> };

function withoutNulls(facts: PackageFactsInput): Given<PackageFactsInput> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null));
}
