import type { SiteNetwork, SiteSettings } from '../model/site-settings.js';
import { rateAsWritten, urgentFrom, windowAsWritten, windowFrom } from './network.js';
import type { Config } from './shape.js';
import { formatDuration, formatSize } from './units.js';

/** What `sites:` says, sorted by site; what is not there is not set. */
export interface GivenBySite {
  readonly site: string;
  readonly settings: SiteSettings;
}

export function sitesFrom(sites: NonNullable<Config['sites']>): GivenBySite[] {
  return Object.entries(sites)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([site, { network, poll }]) => ({
      site,
      settings: {
        ...(network === undefined ? {} : { network: siteNetworkFrom(network) }),
        ...(poll === undefined ? {} : { poll: { everyMs: poll.every } }),
      },
    }));
}

function siteNetworkFrom(network: NonNullable<NonNullable<Config['sites']>[string]['network']>): SiteNetwork {
  const { timezone = null, frame = null, otherwise = null, priority, uploads } = network;
  const hasRates = otherwise !== null || network.windows.length > 0;
  return {
    timezone,
    frameBytes: frame,
    windows: network.windows.map(windowFrom),
    otherwise,
    // Windows that are given hold for urgent releases, too, where nothing else is.
    urgent: urgentFrom(network.urgent) ?? (hasRates ? 'closed' : null),
    priority: { ...priority },
    uploads: {
      total: uploads.total ?? null,
      eachChild: uploads['each-child'] ?? null,
      atOnce: uploads['at-once'] ?? null,
      windows: uploads.windows.map(windowFrom),
    },
  };
}

/** As it stands in YAML; keys that are not set are left out. */
export function siteAsWritten({ network, poll }: SiteSettings): Readonly<Record<string, unknown>> {
  return {
    ...(network === undefined ? {} : { network: siteNetworkAsWritten(network) }),
    ...(poll === undefined ? {} : { poll: { every: formatDuration(poll.everyMs) } }),
  };
}

function siteNetworkAsWritten(network: SiteNetwork): Readonly<Record<string, unknown>> {
  const { timezone, frameBytes, windows, otherwise, urgent, priority, uploads } = network;
  const { total, eachChild, atOnce } = uploads;
  const shownUploads = {
    ...(total === null ? {} : { total: rateAsWritten(total) }),
    ...(eachChild === null ? {} : { 'each-child': rateAsWritten(eachChild) }),
    ...(atOnce === null ? {} : { 'at-once': atOnce }),
    ...(uploads.windows.length === 0 ? {} : { windows: uploads.windows.map(windowAsWritten) }),
  };
  return {
    ...(timezone === null ? {} : { timezone }),
    ...(frameBytes === null ? {} : { frame: formatSize(frameBytes) }),
    ...(windows.length === 0 ? {} : { windows: windows.map(windowAsWritten) }),
    ...(otherwise === null ? {} : { otherwise: rateAsWritten(otherwise) }),
    ...(urgent === null ? {} : { urgent: rateAsWritten(urgent) }),
    ...(Object.keys(priority).length === 0 ? {} : { priority: { ...priority } }),
    ...(Object.keys(shownUploads).length === 0 ? {} : { uploads: shownUploads }),
  };
}
