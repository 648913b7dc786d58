import { isDeepStrictEqual } from 'node:util';
import type { GivenSection, GivenSettings } from '../model/site-settings.js';
import type { SettingOrigin, ShownSetting } from '../model/shown-settings.js';
import { bounded } from './bounded.js';
import { ownWindows } from './network.js';
import { formatPath, type Path } from './problems.js';
import { redactedProxy } from './proxy.js';
import type { LoadedConfig } from './settings.js';
import { siteAsWritten } from './sites.js';
import { asWritten, type Written } from './write.js';

/** Rates by time: which of two is stricter changes from moment to moment. */
const byTime: ReadonlySet<string> = new Set(
  ['timezone', 'windows', 'otherwise', 'uploads.total', 'uploads.windows'].map((key) => `network.${key}`),
);

interface Leaf {
  readonly path: Path;
  readonly value: unknown;
}

/** Each value in force, by its key as in the file, with where it comes from. Passwords are left out. */
export function shownSettings({ settings, places }: LoadedConfig, given: GivenSettings | null): ShownSetting[] {
  const fallback: SettingOrigin = { kind: 'default' };
  const own = leaves({ ...asWritten(settings), network: filledIn(settings) }, []).map(({ path, value }) => {
    const line = places(path)?.line;
    const origin: SettingOrigin = line === undefined ? fallback : { kind: 'file', file: settings.file, line };
    return { path, key: formatPath(path), value: path[0] === 'proxy' ? hidden(value) : value, origin };
  });
  const limits = new Map(given === null ? [] : givenLeaves(given));
  const inForce = new Map(
    leaves(asWritten(bounded(settings, given)), []).map(({ path, value }) => [formatPath(path), value]),
  );
  const { windows, uploads } = settings.network;
  const hasWindows = windows.length + uploads.windows.length > 0;
  const shown = own.map(({ path, key, value, origin }): ShownSetting => {
    const limit = limits.get(isInterval(path) ? 'poll.every' : key);
    if (key !== 'poll.every') limits.delete(key);
    if (limit === undefined || key.startsWith('network.priority.')) return { key, value, origin, beside: null };
    if (byTime.has(key)) {
      const isSaid = origin.kind !== 'default' || (key === 'network.timezone' && hasWindows);
      if (!isSaid) return { key, ...limit, beside: null };
      return { key, value, origin, beside: { ...limit, counts: 'at-every-moment-the-stricter' } };
    }
    const isOwn = isDeepStrictEqual(value, inForce.get(key));
    if (isOwn) return { key, value, origin, beside: { ...limit, counts: 'no' } };
    return { key, ...limit, beside: { value, origin, counts: 'no' } };
  });
  limits.delete('poll.every');
  const more = [...limits].map(([key, limit]): ShownSetting => ({ key, ...limit, beside: null }));
  return [...shown, ...more].sort((a, b) => order(a.key) - order(b.key));

  function order(key: string): number {
    const section = own.findIndex((leaf) => leaf.key.split('.')[0] === key.split('.')[0]);
    return section === -1 ? own.length : section;
  }
}

/** `poll.every`, `poll.repositories.tools` or `poll.repositories.apps.every`. */
function isInterval([section, key, , inner = 'every']: Path): boolean {
  return section === 'poll' && (key === 'every' || (key === 'repositories' && inner === 'every'));
}

/** What counts where the file says nothing. */
function filledIn(settings: LoadedConfig['settings']): Written {
  const network = asWritten(settings)['network'] as Written;
  return {
    ...network,
    timezone: network['timezone'] ?? ownWindows(settings.network).zone,
    otherwise: network['otherwise'] ?? 'unlimited',
  };
}

function hidden(value: unknown): unknown {
  return typeof value === 'string' ? redactedProxy(value) : value;
}

type Limit = Pick<ShownSetting, 'value' | 'origin'>;

function givenLeaves({ generation, network, poll }: GivenSettings): [string, Limit][] {
  const of = <Section>({ site }: GivenSection<Section>, written: Written): [string, Limit][] =>
    leaves(written, []).map(({ path, value }) => [
      formatPath(path),
      { value, origin: { kind: 'directory', site, generation } },
    ]);
  return [
    ...(network === null ? [] : of(network, siteAsWritten({ network: network.settings }))),
    ...(poll === null ? [] : of(poll, siteAsWritten({ poll: poll.settings }))),
  ];
}

/** Values at the ends; lists are values. */
function leaves(mapping: Written, above: Path): Leaf[] {
  return Object.entries(mapping).flatMap(([key, value]) => {
    const path = [...above, key];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return leaves(value as Written, path);
    return value === undefined ? [] : [{ path, value }];
  });
}
