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

/** Where the company's directory is held: at this depot, at another one, or nowhere, as there is no company yet. */
export type DirectoryPlace = 'here' | 'elsewhere' | 'nowhere';

/** What is known at a depot of the settings that the company gives to sites. */
export interface GivenView {
  /** Null where this user may not see it. */
  readonly directory: DirectoryPlace | null;
  /** What the directory gives this depot; null where it gives nothing, or where that is not known. */
  readonly given: GivenSettings | null;
  /** The sites of all depots that are known; null where the directory is elsewhere. */
  readonly sites: readonly string[] | null;
  /** The sites that settings are signed for; null where the directory is elsewhere. */
  readonly signed: readonly string[] | null;
  /** What could not be known, and why; one sentence each. */
  readonly unknown: readonly string[];
}

/** What `depot config show` prints. */
export interface SettingsInForce extends GivenView {
  /** Whether the daemon answered; otherwise this is what the file and the data directory come to. */
  readonly running: boolean;
  readonly settings: readonly ShownSetting[];
  /** Values of the file that are laxer than what is given, and what is signed and not understood; one sentence each. */
  readonly warnings: readonly string[];
}
