import type { GivenSettings } from './site-settings.js';

/** Where a value comes from. `site` is the one that it was set for, `generation` that of the directory. */
export type SettingOrigin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number }
  | { readonly kind: 'directory'; readonly site: string; readonly generation: number };

/** One setting as `depot config show` prints it: its key and value as in YAML. */
export interface ShownSetting {
  readonly key: string;
  readonly value: unknown;
  readonly origin: SettingOrigin;
  /**
   * What was said elsewhere. `no`: it does not count, since it is laxer or weaker. Rates by time hold beside each other:
   * `at-every-moment-the-stricter`.
   */
  readonly beside: {
    readonly value: unknown;
    readonly origin: SettingOrigin;
    readonly counts: 'no' | 'at-every-moment-the-stricter';
  } | null;
}

/** What `depot config show --effective` prints. */
export interface SettingsInForce {
  /** Whether the daemon answered; otherwise this is what the file and the data directory come to. */
  readonly running: boolean;
  readonly settings: readonly ShownSetting[];
  /** What the directory gives this depot; null where it gives nothing. */
  readonly given: GivenSettings | null;
  /** Values of the file that are laxer than that, and what is signed and not understood; one sentence each. */
  readonly warnings: readonly string[];
}
