import type * as z from 'zod';
import { formatAddress } from './address.js';
import { time } from './calendar.js';
import { address, folder, name, site } from './leaves.js';
import type { Path } from './problems.js';
import { defaultData, defaultListen } from './shape.js';

/** A value that is good by itself, and where it stands. */
export interface Found<T> {
  readonly value: T;
  readonly path: Path;
}

/**
 * What must agree with something else in the file, as far as it can be read. Whatever is missing or faulty by itself is
 * left out, so that disagreements are found together with all other problems. URLs and folders are normalized.
 */
export interface Draft {
  readonly site: Found<string> | undefined;
  readonly data: Found<string> | undefined;
  readonly listen: Found<string> | undefined;
  readonly hasParent: boolean;
  readonly parents: readonly {
    readonly url: Found<string> | undefined;
    readonly repositories: readonly Found<string>[];
  }[];
  /** Names of `poll.repositories`, good or not. */
  readonly intervals: readonly Found<string>[];
  /** Lists of windows, and what of each can be read. */
  readonly windows: readonly {
    readonly path: Path;
    readonly isEmpty: boolean;
    /** Whether there is a rate for the time outside of them. */
    readonly hasOtherwise: boolean;
    readonly times: readonly { readonly from: Found<number>; readonly to: Found<number> }[];
  }[];
  /** Keys of `sites`, good or not. */
  readonly sites: readonly Found<string>[];
  /** Mappings in it without a key. */
  readonly emptySections: readonly Path[];
  /** Names of `network.priority`, good or not, and of those of sites. */
  readonly prioritised: readonly Found<string>[];
  readonly hasFollow: boolean;
  readonly followed: readonly Found<string>[];
  readonly published: readonly {
    /** Good or not. */
    readonly name: Found<string>;
    readonly context: Found<string> | undefined;
    readonly source: Found<string> | undefined;
    readonly work: Found<string> | undefined;
  }[];
}

export function readDraft(config: unknown): Draft {
  const parent = field(config, 'parent');
  const sites = entries(field(config, 'sites'), ['sites']);
  const networks = [
    { value: field(config, 'network'), path: ['network'] },
    ...sites.map(({ key, value }) => ({ value: field(value, 'network'), path: [...key.path, 'network'] })),
  ];
  return {
    site: good(site, field(config, 'site'), ['site']),
    data: good(folder, field(config, 'data') ?? defaultData, ['data']),
    listen: goodUrl(field(config, 'listen') ?? defaultListen, ['listen']),
    hasParent: parent !== undefined,
    parents: Array.isArray(parent)
      ? elements(parent, ['parent']).map(({ value, path }) => readParent(value, path))
      : [readParent(parent, ['parent'])],
    intervals: entries(field(field(config, 'poll'), 'repositories'), ['poll', 'repositories']).map(({ key }) => key),
    windows: networks.flatMap(({ value, path }) => [
      readWindows(value, path, false),
      readWindows(field(value, 'uploads'), [...path, 'uploads'], true),
    ]),
    prioritised: networks.flatMap(({ value, path }) =>
      entries(field(value, 'priority'), [...path, 'priority']).map(({ key }) => key),
    ),
    sites: sites.map(({ key }) => key),
    emptySections: sites.flatMap(({ key, value }) =>
      [
        { value, path: key.path },
        { value: field(value, 'network'), path: [...key.path, 'network'] },
      ].flatMap((section) => (isEmpty(section.value) ? [section.path] : [])),
    ),
    hasFollow: field(config, 'follow') !== undefined,
    followed: elements(field(config, 'follow'), ['follow']).flatMap(
      ({ value, path }) => good(name, field(value, 'repository'), [...path, 'repository']) ?? [],
    ),
    published: entries(field(config, 'repositories'), ['repositories']).map(({ key, value }) => ({
      name: key,
      context: good(site, field(value, 'context'), [...key.path, 'context']),
      source: good(folder, field(value, 'source'), [...key.path, 'source']),
      work: good(folder, field(value, 'work'), [...key.path, 'work']),
    })),
  };
}

function readParent(parent: unknown, path: Path): Draft['parents'][number] {
  if (typeof parent === 'string') return { url: goodUrl(parent, path), repositories: [] };
  const names = elements(field(parent, 'repositories'), [...path, 'repositories']);
  return {
    url: goodUrl(field(parent, 'url'), [...path, 'url']),
    repositories: names.flatMap((found) => good(name, found.value, found.path) ?? []),
  };
}

function readWindows(parent: unknown, above: Path, hasOtherwise: boolean): Draft['windows'][number] {
  const path = [...above, 'windows'];
  return {
    path,
    isEmpty: elements(field(parent, 'windows'), path).length === 0,
    hasOtherwise: hasOtherwise || field(parent, 'otherwise') !== undefined,
    times: elements(field(parent, 'windows'), path).flatMap(({ value, path: each }) => {
      const from = good(time, field(value, 'from') ?? '00:00', [...each, 'from']);
      const to = good(time, field(value, 'to') ?? '24:00', [...each, 'to']);
      return from === undefined || to === undefined ? [] : [{ from, to }];
    }),
  };
}

function good<T>(shape: z.ZodType<T>, value: unknown, path: Path): Found<T> | undefined {
  const reading = shape.safeParse(value);
  return reading.success ? { value: reading.data, path } : undefined;
}

function goodUrl(value: unknown, path: Path): Found<string> | undefined {
  const found = good(address, value, path);
  return found === undefined ? undefined : { value: formatAddress(found.value), path };
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function entries(value: unknown, path: Path): { readonly key: Found<string>; readonly value: unknown }[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([key, inner]: [string, unknown]) => ({
    key: { value: key, path: [...path, key] },
    value: inner,
  }));
}

function elements(value: unknown, path: Path): Found<unknown>[] {
  return Array.isArray(value) ? value.map((item: unknown, at) => ({ value: item, path: [...path, at] })) : [];
}
