import type { Settings } from '../config/settings.js';
import type { Host } from '../host.js';
import type { Log } from '../model/log.js';
import type { SettingsInForce } from '../model/shown-settings.js';
import type { GivenStatus } from '../model/line-status.js';
import type { ReloadResult } from '../model/status.js';
import type { Store } from '../store/store.js';
import type { SyncDepot } from '../sync/depot.js';
import type { Forecasts } from './forecasts.js';
import type { LoopDelay } from './loop-delay.js';
import type { Membership } from './membership.js';
import type { Mastery } from './mastery.js';
import type { Moving } from './moving.js';
import type { Maintenance } from './maintenance.js';
import type { OwnLine } from './own-line.js';
import type { Publishers } from './publishers.js';
import type { Schedule } from './schedule.js';
import type { SiteSigner } from './site-settings.js';
import type { Workers } from './workers.js';

/** The parts of a depot that its status and its commands work with. */
export interface RunningDepot {
  /** Those in force: a reload replaces them, and so may a change of the directory. */
  readonly settings: Settings;
  /** What the directory sets for this depot's site. */
  readonly given: GivenStatus | null;
  readonly startedAtMs: number;
  readonly version: string;
  /** URL of the listener; null while there is none. */
  readonly listen: string | null;
  readonly host: Host;
  readonly log: Log;
  readonly store: Store;
  readonly workers: Workers;
  readonly sync: SyncDepot;
  readonly ownLine: OwnLine;
  readonly forecasts: Forecasts;
  readonly schedule: Schedule;
  readonly publishers: Publishers;
  readonly maintenance: Maintenance;
  readonly loopDelay: LoopDelay;
  /** Which repositories of the settings this depot is the master of. */
  readonly mastery: Mastery;
  readonly moving: Moving;
  /** What gives settings to sites. */
  readonly sites: SiteSigner;
  /** Undefined for a depot that has not joined. */
  readonly membership: Membership | undefined;
  /** The company's directory is another than before: what that changes here takes effect. */
  companyChanged(): void;
  /** The settings in force, with the origin of each value. */
  settingsInForce(): SettingsInForce;
  /** Finds out anew what this depot is the master of, and publishes that and nothing else. */
  remaster(): Promise<void>;
  reload(): Promise<ReloadResult>;
}
