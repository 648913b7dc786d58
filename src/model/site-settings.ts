import * as z from 'zod';
import { rateShape } from './line-order.js';
import { isWithin } from './names.js';
import type { Window } from './windows.js';
import { isZone } from './zone.js';

/*
 * What the company's directory says about the settings of sites: in the document of the site as a context (company.ts), so
 * that it reaches those that it concerns. Signed as values, not as YAML: what is written where is a matter of config.
 */

const day = z.number().int();
const windowShape = (mostDates: number): z.ZodType<Window> =>
  z.object({
    dates: z
      .array(z.tuple([day, day]))
      .max(mostDates)
      .nullable(),
    days: z.array(z.number().int().min(0).max(6)).max(7).nullable(),
    fromMinute: z.number().int().min(0).max(1439),
    toMinute: z.number().int().min(1).max(1440),
    rate: rateShape,
  });

/** @param most windows, and dates in each of them */
export const windowsOf = (most: number): z.ZodType<Window[]> => z.array(windowShape(most)).max(most);
const windowsShape = windowsOf(1000);

/** The line of each depot of a site. Null: not set. Without a zone the windows are those of the depot's own wall clock. */
const networkShape = z.object({
  timezone: z.string().max(64).nullable(),
  frameBytes: z.number().int().positive().nullable(),
  windows: windowsShape,
  otherwise: rateShape.nullable(),
  urgent: rateShape.nullable().default(null),
  /** By repository, where the depot itself does not say it. */
  priority: z.record(z.string(), z.enum(['high', 'normal', 'low'])),
  uploads: z.object({
    total: rateShape.nullable(),
    eachChild: rateShape.nullable(),
    atOnce: z.number().int().positive().nullable(),
    windows: windowsShape,
  }),
});
const pollShape = z.object({ everyMs: z.number().int().positive() });

export const siteSettingsShape = z.object({ network: networkShape.optional(), poll: pollShape.optional() });

export type SiteNetwork = Readonly<z.infer<typeof networkShape>>;
export type SiteSettings = Readonly<z.infer<typeof siteSettingsShape>>;

/** The settings of one site, as signed. */
export interface SiteRow {
  readonly site: string;
  /** Of whatever version of depotd signed it. */
  readonly settings: unknown;
}

/** A section of the settings, and the site that it was set for. */
export interface GivenSection<Section> {
  readonly site: string;
  readonly settings: Section;
}

/** What the directory gives a depot. Of each section that of the longest site counts, and as a whole. */
export interface GivenSettings {
  /** Of the directory: the version of its `targets`. */
  readonly generation: number;
  readonly network: GivenSection<SiteNetwork> | null;
  readonly poll: GivenSection<{ readonly everyMs: number }> | null;
  /** What this version does not understand and so leaves out, as `enterprise/germany: network.windows[0].weeks`. */
  readonly ignored: readonly string[];
}

/** Nothing, where the directory has no settings for any site that covers this one. */
export function givenTo(site: string, rows: readonly SiteRow[], generation: number): GivenSettings | null {
  const covering = rows
    .filter((row) => isWithin(site, row.site))
    .sort((a, b) => b.site.length - a.site.length)
    .map((row) => ({ site: row.site, ...readSettings(row.settings) }));
  if (covering.length === 0) return null;
  return {
    generation,
    network: section(covering, 'network'),
    poll: section(covering, 'poll'),
    ignored: covering.flatMap((each) => each.ignored.map((path) => `${each.site}: ${path}`)),
  };
}

type Read = ReturnType<typeof readSettings> & { readonly site: string };

function section<Name extends keyof SiteSettings>(rows: readonly Read[], name: Name) {
  for (const { site, settings } of rows) {
    const found = settings[name];
    if (found !== undefined) return { site, settings: found };
  }
  return null;
}

/** Whoever signed it may be of another version: sections are read one by one, and what is not known is left out. */
function readSettings(value: unknown): { readonly settings: SiteSettings; readonly ignored: string[] } {
  const ignored: string[] = [];
  const settings: { network?: SiteNetwork; poll?: { everyMs: number } } = {};
  for (const [name, inner] of Object.entries(isMapping(value) ? value : {})) {
    if (name === 'network') {
      const read = networkShape.safeParse(inner);
      if (read.success) settings.network = knownZone(read.data, ignored);
      ignored.push(...(read.success ? left(inner, read.data, name) : [name]));
    } else if (name === 'poll') {
      const read = pollShape.safeParse(inner);
      if (read.success) settings.poll = read.data;
      ignored.push(...(read.success ? left(inner, read.data, name) : [name]));
    } else ignored.push(name);
  }
  return { settings, ignored };
}

/** Time zones come and go with the system. */
function knownZone(network: SiteNetwork, ignored: string[]): SiteNetwork {
  if (network.timezone === null || isZone(network.timezone)) return network;
  ignored.push(`network.timezone (${network.timezone} is not known here)`);
  return { ...network, timezone: null };
}

/** Paths of what reading left out. */
function left(before: unknown, after: unknown, path: string): string[] {
  if (Array.isArray(before) && Array.isArray(after))
    return before.flatMap((each: unknown, at) => left(each, after[at], `${path}[${at}]`));
  if (!isMapping(before) || !isMapping(after)) return [];
  return Object.entries(before).flatMap(([key, inner]) =>
    Object.hasOwn(after, key) ? left(inner, after[key], `${path}.${key}`) : [`${path}.${key}`],
  );
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
