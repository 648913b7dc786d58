import type { TrustResetResult } from '../model/status.js';

/** The part of `ControlApi` that is about keys, certificates and who is believed. */
export interface TrustApi {
  /** Forgets whose signatures are believed for a repository; the next poll believes the root that it meets. */
  trustReset(repository: string, options: { readonly dryRun: boolean }): Promise<TrustResetResult>;
}
