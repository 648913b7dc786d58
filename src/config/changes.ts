import { isDeepStrictEqual } from 'node:util';
import type { Settings } from './settings.js';
import { asWritten, type Written } from './write.js';

/** The keys, as in YAML, that differ; among them those that a running daemon cannot take over. */
export interface SettingsChange {
  readonly changed: string[];
  readonly needsRestart: string[];
}

/** The identity of the depot, and the folder that is locked and open while it runs. */
const needRestart: ReadonlySet<string> = new Set(['depot', 'site', 'data']);

/** What a reload changes: `poll.every`, `repositories.tools.settle`; `repositories.tools` where it comes or goes. */
export function describeChange(before: Settings, after: Settings): SettingsChange {
  const changed = [...differences(asWritten(before), asWritten(after), '')];
  return { changed, needsRestart: changed.filter((key) => needRestart.has(key)) };
}

function* differences(before: Written, after: Written, above: string): Generator<string> {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[key], after[key]];
    // What was signed before may be the same all the same: the sites are named, as they are where the key was there.
    const isNew = key === 'sites' && above === '' && old === undefined && isMapping(now) && Object.keys(now).length > 0;
    if (isNew) yield* differences({}, now, 'sites.');
    else if (isMapping(old) && isMapping(now)) yield* differences(old, now, `${above}${key}.`);
    else if (!isDeepStrictEqual(old, now)) yield `${above}${key}`;
  }
}

function isMapping(value: unknown): value is Written {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
