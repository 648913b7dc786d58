import type { PackageRecord } from '../model/package.js';
import type { ScanOptions } from './mirror-source.js';
import type { PackageFacts } from './package-commands.js';

export interface CreateOrder extends Partial<Omit<PackageFacts, 'type'>> {
  readonly type: string;
}

export interface EditOrder extends Partial<PackageFacts> {
  readonly keep?: PackageRecord['keep'];
}

export interface ReleaseCommand {
  readonly revision: number | null;
  readonly ring: string | null;
  readonly at: string | null;
  readonly urgent?: boolean;
}

export interface PrepareCommand {
  readonly note: string | null;
  /** Null: as before. */
  readonly version: string | null;
  /** Whether only what would come of it is looked at. */
  readonly dryRun: boolean;
}

export type PrepareWork = Pick<ScanOptions, 'signal' | 'onProgress'>;
