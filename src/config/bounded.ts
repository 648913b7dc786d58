import { stricter, type Rate } from '../model/rate.js';
import type { GivenSettings, SiteNetwork } from '../model/site-settings.js';
import type { NetworkSettings } from './network.js';
import type { OwnIntervals, Settings } from './settings.js';

/**
 * The settings in force: those of the file, within what the directory gives the site of this depot. Each value is the
 * stricter of the two; windows stay beside each other, as which is stricter changes with the time.
 */
export function bounded(own: Settings, given: GivenSettings | null): Settings {
  if (given === null) return own;
  const poll = given.poll === null ? own.poll : boundedPoll(own.poll, given.poll.settings.everyMs);
  const network = given.network === null ? own.network : boundedNetwork(own.network, given.network.settings);
  return Object.freeze({ ...own, poll, network });
}

function boundedPoll(poll: Settings['poll'], atLeastMs: number): Settings['poll'] {
  const repositories = Object.create(null) as Record<string, OwnIntervals>;
  for (const [name, own] of Object.entries(poll.repositories)) {
    repositories[name] = { ...own, everyMs: own.everyMs === null ? null : Math.max(own.everyMs, atLeastMs) };
  }
  return { ...poll, everyMs: Math.max(poll.everyMs, atLeastMs), repositories, atLeastMs };
}

function boundedNetwork(own: NetworkSettings, given: SiteNetwork): NetworkSettings {
  const { uploads } = own;
  return {
    ...own,
    frameBytes: smallerOf(own.frameBytes, given.frameBytes),
    urgent: own.urgent === null ? given.urgent : stricterOf(own.urgent, given.urgent),
    priority: Object.assign(Object.create(null) as NetworkSettings['priority'], given.priority, own.priority),
    uploads: {
      ...uploads,
      eachChild: stricterOf(uploads.eachChild, given.uploads.eachChild),
      atOnce: Math.min(uploads.atOnce, given.uploads.atOnce ?? Infinity),
    },
    given,
  };
}

function stricterOf(own: Rate, given: Rate | null): Rate {
  return given === null ? own : stricter(own, given);
}

function smallerOf(own: number | null, given: number | null): number | null {
  return own === null || given === null ? (own ?? given) : Math.min(own, given);
}
