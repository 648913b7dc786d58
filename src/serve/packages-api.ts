import type { PackageReadiness, PackageResult, PackageStatus, PrepareResult } from '../model/package-status.js';
import type { Priority } from '../model/priority.js';
import type { LongWork } from './control-api.js';

/** Which package: `apps/vlc`. */
export interface PackageName {
  readonly repository: string;
  readonly name: string;
}

export interface PackageFactsInput {
  readonly type: string | null;
  readonly title: string | null;
  readonly vendor: string | null;
  readonly version: string | null;
  readonly keep: { readonly releases: number; readonly days: number } | null;
  readonly priority?: Priority | null;
}

export interface PrepareOrder {
  readonly note: string | null;
  /** Of what is in the work copy; the one that was said last where it is null. */
  readonly version: string | null;
  /** Only looks, and makes no revision. */
  readonly dryRun: boolean;
}

/** The packages of a repository that is published here. Each method rejects with `package-refused` where a rule is against it. */
export interface PackagesApi {
  list(repository: string): Promise<readonly PackageStatus[]>;
  show(of: PackageName): Promise<PackageStatus>;
  create(of: PackageName, facts: PackageFactsInput): Promise<PackageResult>;
  /** What is null stays. */
  edit(of: PackageName, facts: PackageFactsInput): Promise<PackageResult>;
  remove(of: PackageName): Promise<PackageResult>;
  /** Problems of the work copy are a result. */
  prepare(of: PackageName, options: LongWork & PrepareOrder): Promise<PrepareResult>;
  /** Without sites to where it goes already. */
  distribute(of: PackageName, to: readonly string[], except: readonly string[]): Promise<PackageResult>;
  /** @param order `revision`: the newest where it is null; `at`: ISO 8601, at once where it is null */
  release(
    of: PackageName,
    order: {
      readonly revision: number | null;
      readonly ring: string | null;
      readonly at: string | null;
      readonly urgent?: boolean;
    },
  ): Promise<PackageResult>;
  cancelRelease(of: PackageName): Promise<PackageResult>;
  revoke(of: PackageName): Promise<PackageResult>;
  /** @param revision a superseded one; null for the package */
  retire(of: PackageName, revision: number | null): Promise<PackageResult>;
  /** Where it is ready, as depots below reported. */
  readiness(of: PackageName): Promise<PackageReadiness>;
}
