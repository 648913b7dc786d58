import { stricter, type Rate } from '../model/rate.js';
import type { GivenSection, GivenSettings, SiteNetwork } from '../model/site-settings.js';
import { excesses, type Windows } from '../model/windows.js';
import { momentWords } from '../model/zone.js';
import { bounded } from './bounded.js';
import { ownWindows, rateAsWritten, uploadWindows } from './network.js';
import { formatPath, type Path } from './problems.js';
import type { LoadedConfig } from './settings.js';
import { formatDuration, formatSize } from './units.js';

/**
 * What the file of a depot allows and the directory does not: one sentence each, with both values and where they stand.
 * Defaults are nobody's word, and are not told.
 */
export function laxerThanGiven(config: LoadedConfig, given: GivenSettings | null, nowMs: number): string[] {
  if (given === null) return [];
  const { generation, network, poll } = given;
  return [
    ...(poll === null ? [] : laxerPolls(config, poll, generation)),
    ...(network === null ? [] : laxerNetwork(config, network, given, nowMs)),
  ];
}

function* laxerPolls(
  { settings, places }: LoadedConfig,
  given: GivenSection<{ readonly everyMs: number }>,
  generation: number,
): Generator<string> {
  const { everyMs } = given.settings;
  const told = (path: Path, ms: number | null): string | undefined => {
    const place = placed(settings.file, places(path)?.line);
    if (place === undefined || ms === null || ms >= everyMs) return undefined;
    const limit = formatDuration(everyMs);
    return `${formatPath(path)}: ${formatDuration(ms)} (${place}) is more often than ${limit}, ${by(given, generation)}; ${limit} counts`;
  };
  const intervals = Object.entries(settings.poll.repositories);
  for (const text of [
    told(['poll', 'every'], settings.poll.everyMs),
    ...intervals.map(([name, own]) => told(['poll', 'repositories', name], own.everyMs)),
  ]) {
    if (text !== undefined) yield text;
  }
}

function* laxerNetwork(
  { settings, places }: LoadedConfig,
  section: GivenSection<SiteNetwork>,
  given: GivenSettings,
  nowMs: number,
): Generator<string> {
  const { network: own, file } = settings;
  const { frameBytes, urgent, uploads } = section.settings;
  const source = by(section, given.generation);
  const place = (...path: Path): string | undefined => placed(file, places(['network', ...path])?.line);
  const frame = place('frame');
  if (frame !== undefined && frameBytes !== null && own.frameBytes !== null && own.frameBytes > frameBytes)
    yield `network.frame: ${formatSize(own.frameBytes)} (${frame}) is larger than ${formatSize(frameBytes)}, ${source}; the smaller counts`;
  const express = place('urgent');
  if (express !== undefined && own.urgent !== null && urgent !== null && isFaster(own.urgent, urgent))
    yield `network.urgent: ${rateAsWritten(own.urgent)} (${express}) is faster than ${rateAsWritten(urgent)}, ${source}; the slower counts`;
  const each = place('uploads', 'each-child');
  if (each !== undefined && uploads.eachChild !== null && isFaster(own.uploads.eachChild, uploads.eachChild))
    yield `network.uploads.each-child: ${rateAsWritten(own.uploads.eachChild)} (${each}) is faster than ${rateAsWritten(uploads.eachChild)}, ${source}; the slower counts`;
  const atOnce = place('uploads', 'at-once');
  if (atOnce !== undefined && uploads.atOnce !== null && own.uploads.atOnce > uploads.atOnce)
    yield `network.uploads.at-once: ${own.uploads.atOnce} (${atOnce}) is more than ${uploads.atOnce}, ${source}; the lower counts`;
  const inForce = bounded(settings, given).network;
  const lines = [
    { windows: ownWindows(inForce), above: [], otherwise: 'otherwise' },
    { windows: uploadWindows(inForce), above: ['uploads'], otherwise: 'total' },
  ];
  for (const { windows, above, otherwise } of lines) {
    const where = (window: number | null): Path =>
      window === null ? [...above, otherwise] : [...above, 'windows', window, 'rate'];
    yield* excess(windows, where, place, source, nowMs);
  }
}

/** Where windows alone are faster than what bounds them, the first time that it happens to each. */
function* excess(
  windows: Windows,
  where: (window: number | null) => Path,
  place: (...path: Path) => string | undefined,
  source: string,
  nowMs: number,
): Generator<string> {
  for (const { own, bound, fromMs } of excesses(windows, nowMs)) {
    const path = where(own.window);
    const standing = place(...path);
    if (standing === undefined) continue;
    const when = fromMs === nowMs ? 'now' : `from ${momentWords(windows.zone, fromMs, nowMs)} on`;
    const fault =
      bound.rate === 'closed'
        ? `is open while it is closed ${when}`
        : `is faster than ${rateAsWritten(bound.rate)} ${when}`;
    const key = formatPath(['network', ...path]);
    yield `${key}: ${rateAsWritten(own.rate)} (${standing}) ${fault}, ${source}; at every moment the stricter counts`;
  }
}

function isFaster(own: Rate, given: Rate): boolean {
  return stricter(own, given) !== own;
}

function by({ site }: { readonly site: string }, generation: number): string {
  return `set for ${site} in the directory (generation ${generation})`;
}

function placed(file: string, line: number | undefined): string | undefined {
  return line === undefined ? undefined : `${file}:${line}`;
}
