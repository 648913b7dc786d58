import type { Host } from '../host.js';
import type { Log } from '../model/log.js';
import type { Ring } from '../model/package.js';
import type { RunJob } from '../store/job.js';
import type { Store } from '../store/store.js';

/** A repository of the kind packages that is published here. */
export interface PackagesSource {
  readonly repository: string;
  readonly context: string;
  /** Absolute path of the folder with the work copies, `<work>/<package>`. */
  readonly work: string;
  readonly types: Readonly<Record<string, PackageType>>;
  /** What new packages get. */
  readonly keep: { readonly releases: number; readonly days: number };
  readonly rings: readonly Ring[];
}

export interface PackageType {
  /** False where its files travel as they are; `delta`: large ones as deltas even so. */
  readonly compress: boolean;
  readonly delta: boolean;
}

export interface PackagesDeps {
  readonly store: Store;
  readonly run: RunJob;
  readonly host: Host;
  readonly log: Log;
}
