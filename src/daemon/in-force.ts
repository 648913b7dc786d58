import { isDeepStrictEqual } from 'node:util';
import { bounded } from '../config/bounded.js';
import { shownSettings } from '../config/effective.js';
import { laxerThanGiven } from '../config/laxer.js';
import type { LoadedConfig, Settings } from '../config/settings.js';
import type { Host } from '../host.js';
import type { Log } from '../model/log.js';
import type { SettingsInForce } from '../model/shown-settings.js';
import { givenTo, type GivenSettings } from '../model/site-settings.js';
import type { GivenStatus } from '../model/line-status.js';
import type { CompanyFiles } from '../store/company.js';

/** What the directory, as it is here, gives a depot at `site`; null where it gives nothing, or there is none. */
export function givenHere(company: Pick<CompanyFiles, 'get'>, site: string): GivenSettings | null {
  const found = company.get(site);
  return found === undefined ? null : givenTo(site, found.sites, found.generation);
}

/** What a person has to see to: the file that allows more than the company, and what is signed and not understood. */
export function givenWarnings(config: LoadedConfig, given: GivenSettings | null, nowMs: number): string[] {
  return [
    ...laxerThanGiven(config, given, nowMs),
    ...(given?.ignored ?? []).map(
      (what) =>
        `${what}: signed in the directory, and not understood by this version of depotd, so it does not count here`,
    ),
  ];
}

export function givenStatus(given: GivenSettings | null, warnings: readonly string[]): GivenStatus | null {
  if (given === null) return null;
  const { generation, network, poll } = given;
  return { generation, network: network?.site ?? null, poll: poll?.site ?? null, warnings };
}

/** The settings in force, with the origin of each. */
export function shownInForce(config: LoadedConfig, given: GivenSettings | null, nowMs: number) {
  return { settings: shownSettings(config, given), warnings: givenWarnings(config, given, nowMs) };
}

/** How long warnings are good: they name the next times at which they matter. */
const warningsMs = 3_600_000;

/** The settings in force of a running depot: those of its file, within what the directory gives it. */
export class InForce {
  settings: Settings;
  private given: GivenSettings | null;
  private told: { readonly atMs: number; readonly warnings: readonly string[] } | undefined;

  constructor(
    private readonly company: CompanyFiles,
    private config: LoadedConfig,
    private readonly host: Host,
    private readonly log: Log,
  ) {
    this.given = givenHere(company, config.settings.site);
    this.settings = bounded(config.settings, this.given);
    this.tell();
  }

  /** Of the file. */
  get own(): Settings {
    return this.config.settings;
  }

  /** The file says this from now on. */
  take(config: LoadedConfig): void {
    this.config = config;
    this.given = givenHere(this.company, config.settings.site);
    this.settings = bounded(config.settings, this.given);
    this.told = undefined;
    this.tell();
  }

  /** Looks at the directory again. @returns whether it gives other settings than before */
  look(): boolean {
    const given = givenHere(this.company, this.own.site);
    const isOther = !isDeepStrictEqual(withoutGeneration(given), withoutGeneration(this.given));
    this.given = given;
    this.told = undefined;
    if (!isOther) return false;
    this.settings = bounded(this.own, given);
    this.log.info(
      { network: given?.network?.site, poll: given?.poll?.site, generation: given?.generation },
      given === null ? 'the directory gives this site no settings any more' : 'settings of the directory are in force',
    );
    this.tell();
    return true;
  }

  status(): GivenStatus | null {
    return givenStatus(this.given, this.warnings());
  }

  shown(): Pick<SettingsInForce, 'settings' | 'warnings'> {
    return { settings: shownSettings(this.config, this.given), warnings: this.warnings() };
  }

  private warnings(): readonly string[] {
    const now = this.host.now();
    if (this.told === undefined || Math.abs(now - this.told.atMs) > warningsMs) {
      this.told = { atMs: now, warnings: givenWarnings(this.config, this.given, now) };
    }
    return this.told.warnings;
  }

  private tell(): void {
    for (const warning of this.warnings()) this.log.warn({}, warning);
  }
}

/** A directory is signed again for many reasons. */
function withoutGeneration(given: GivenSettings | null) {
  return given === null ? null : { ...given, generation: 0 };
}
