import type { Priority } from '../model/priority.js';
import type { Rate } from '../model/rate.js';
import type { SiteNetwork } from '../model/site-settings.js';
import type { Window, Windows } from '../model/windows.js';
import { formatDates, formatDays, formatTime } from './calendar.js';
import type { Config } from './shape.js';
import { formatRate, formatSize } from './units.js';

const machineZone = new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** When bulk bytes may move, and how fast. */
export interface NetworkSettings {
  /** Null: that of the machine. */
  readonly timezone: string | null;
  /** Null: by the rate. */
  readonly frameBytes: number | null;
  readonly windows: readonly Window[];
  /** Null where the file has neither windows nor a rate: unlimited. */
  readonly otherwise: Rate | null;
  /** What urgent releases need comes at least this fast, whatever the windows say; `closed`, or null for what a file leaves out: as they say. */
  readonly urgent: Rate | null;
  /** By repository, those that are not `normal`; an object without prototype. */
  readonly priority: Readonly<Record<string, Priority>>;
  /** What the depots below get. */
  readonly uploads: {
    readonly total: Rate;
    readonly eachChild: Rate;
    /** Children. */
    readonly atOnce: number;
    /** Rates in place of `total`. */
    readonly windows: readonly Window[];
  };
  /** What the directory gives this depot's site, besides; nothing in what a file says. */
  readonly given?: SiteNetwork;
}

export function networkFrom(network: Config['network']): NetworkSettings {
  const { uploads } = network;
  return {
    timezone: network.timezone ?? null,
    frameBytes: network.frame ?? null,
    windows: network.windows.map(windowFrom),
    otherwise: network.otherwise ?? null,
    urgent: urgentFrom(network.urgent),
    priority: Object.assign(Object.create(null) as Record<string, Priority>, network.priority),
    uploads: {
      total: uploads.total,
      eachChild: uploads['each-child'],
      atOnce: uploads['at-once'],
      windows: uploads.windows.map(windowFrom),
    },
  };
}

export function urgentFrom(written: Rate | 'no' | undefined): Rate | null {
  return written === 'no' ? 'closed' : (written ?? null);
}

type WrittenWindow = Config['network']['windows'][number];

export function windowFrom({ days, dates, from = 0, to = 1440, rate }: WrittenWindow): Window {
  return {
    // One entry is itself a list: of days, or of a first and a last date.
    days: days === undefined ? null : [...new Set((days as readonly (number | readonly number[])[]).flat())],
    dates: dates === undefined ? null : isOne(dates) ? [dates] : dates,
    fromMinute: from,
    toMinute: to,
    rate,
  };
}

type Dates = readonly [number, number];

function isOne(dates: Dates | readonly Dates[]): dates is Dates {
  return typeof dates[0] === 'number';
}

/** The windows of this depot's own line, in its zone, within those that the directory gives it. */
export function ownWindows({ timezone, windows, otherwise, given }: NetworkSettings): Windows {
  const own = { zone: zoneOf(timezone), list: windows, otherwise: otherwise ?? 'unlimited' };
  if (given === undefined) return own;
  const zone = given.timezone ?? own.zone;
  return { ...own, within: { zone, list: given.windows, otherwise: given.otherwise ?? 'unlimited' } };
}

/** Those in which depots below get bulk bytes. */
export function uploadWindows({ timezone, uploads, given }: NetworkSettings): Windows {
  const own = { zone: zoneOf(timezone), list: uploads.windows, otherwise: uploads.total };
  if (given === undefined) return own;
  const { total, windows } = given.uploads;
  return { ...own, within: { zone: given.timezone ?? own.zone, list: windows, otherwise: total ?? 'unlimited' } };
}

function zoneOf(timezone: string | null): string {
  return timezone ?? machineZone;
}

/** As it stands in YAML; `undefined` where there is nothing to write. */
export function networkAsWritten(network: NetworkSettings) {
  const { uploads, otherwise, timezone } = network;
  return {
    timezone: timezone ?? undefined,
    frame: network.frameBytes === null ? undefined : formatSize(network.frameBytes),
    windows: network.windows.map(windowAsWritten),
    otherwise: otherwise === null ? undefined : rateAsWritten(otherwise),
    urgent: network.urgent === null ? undefined : rateAsWritten(network.urgent),
    priority: { ...network.priority },
    uploads: {
      total: rateAsWritten(uploads.total),
      'each-child': rateAsWritten(uploads.eachChild),
      'at-once': uploads.atOnce,
      windows: uploads.windows.map(windowAsWritten),
    },
  };
}

export function windowAsWritten({ days, dates, fromMinute, toMinute, rate }: Window) {
  return {
    ...(days === null ? {} : { days: formatDays(days) }),
    ...(dates === null ? {} : { dates: dates.map(formatDates) }),
    ...(fromMinute === 0 ? {} : { from: formatTime(fromMinute) }),
    ...(toMinute === 1440 ? {} : { to: formatTime(toMinute) }),
    rate: rateAsWritten(rate),
  };
}

export function rateAsWritten(rate: Rate): string {
  return typeof rate === 'number' ? formatRate(rate) : rate;
}
