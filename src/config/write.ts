import { isDeepStrictEqual } from 'node:util';
import { Document, isMap, isScalar, isSeq, stringify, type YAMLMap } from 'yaml';
import { formatAddress } from './address.js';
import { networkAsWritten } from './network.js';
import { configSchema, schemaOfKey, type JsonSchema } from './schema-file.js';
import { parseSettings, usualTypes, type OwnIntervals, type PublishedSettings, type Settings } from './settings.js';
import { siteAsWritten } from './sites.js';
import { formatDuration, formatPercentage, formatSize } from './units.js';

/** A mapping as it stands in YAML, by the names of the keys. */
export type Written = Readonly<Record<string, unknown>>;

/** The settings under the names of the file; every key is there, `undefined` where there is nothing to write. */
export function asWritten(settings: Settings): Written {
  const { parents, poll, follow, encoding, deletions, signing } = settings;
  const { files, percent } = deletions.holdAbove;
  const urls = parents.map(({ url, repositories }) => (repositories === null ? url : { url, repositories }));
  return {
    depot: settings.depot,
    site: settings.site,
    data: settings.data,
    listen: formatAddress(settings.listen),
    certificate: settings.certificate ?? undefined,
    parent: urls.length > 1 ? urls : urls[0],
    proxy: settings.proxy ?? undefined,
    poll: {
      every: formatDuration(poll.everyMs),
      jitter: formatPercentage(poll.jitter),
      'at-start': poll.atStart,
      content: poll.contentMs === null ? undefined : formatDuration(poll.contentMs),
      repositories: Object.fromEntries(
        Object.entries(poll.repositories).map(([name, own]) => [name, intervalsAsWritten(own)]),
      ),
    },
    network: networkAsWritten(settings.network),
    sites:
      settings.sites === null
        ? undefined
        : Object.fromEntries(settings.sites.map((each) => [each.site, siteAsWritten(each.settings)])),
    follow:
      parents.length === 0
        ? undefined
        : follow === 'all'
          ? follow
          : follow.map((followed) => withoutEmptyLists({ ...followed })),
    repositories: Object.fromEntries(settings.repositories.map((each) => [each.name, publishedAsWritten(each)])),
    packages: {
      types: Object.fromEntries(
        Object.entries(settings.packageTypes).filter(([name, type]) => !isDeepStrictEqual(usualTypes[name], type)),
      ),
    },
    encoding: {
      level: encoding.level,
      'level-large': encoding.levelLarge,
      'on-demand': { cpu: formatPercentage(encoding.onDemandCpu) },
      memory: formatSize(encoding.memoryBytes),
    },
    deletions: {
      'hold-above':
        files === null && percent === null ? 'none' : { files: files ?? 'unlimited', percent: percent ?? 'unlimited' },
    },
    rejoin:
      settings.rejoinMs === null ? undefined : settings.rejoinMs === 0 ? 'never' : formatDuration(settings.rejoinMs),
    signing: {
      root: formatDuration(signing.rootMs),
      targets: formatDuration(signing.targetsMs),
      timestamp: formatDuration(signing.timestampMs),
    },
    'keep-generations': formatDuration(settings.keepGenerationsMs),
    log: settings.log,
  };
}

/** A value as it could stand in YAML, on one line. */
export function valueText(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

function intervalsAsWritten({ everyMs, contentMs }: OwnIntervals) {
  if (contentMs === null && everyMs !== null) return formatDuration(everyMs);
  return {
    ...(everyMs === null ? {} : { every: formatDuration(everyMs) }),
    ...(contentMs === null ? {} : { content: formatDuration(contentMs) }),
  };
}

function publishedAsWritten(published: PublishedSettings): Written {
  if (published.kind === 'packages') {
    const { kind, context, work, keep, rings } = published;
    const kept = { releases: keep.releases, for: formatDuration(keep.days * 86_400_000) };
    return { kind, context, work, keep: kept, rings: rings.map((ring) => withoutEmptyLists({ ...ring })) };
  }
  const mirror = published;
  return {
    kind: mirror.kind,
    context: mirror.context,
    source: mirror.source,
    settle: formatDuration(mirror.settleMs),
    exclude: mirror.exclude,
    names: mirror.names,
    'watch-limit': mirror.watchLimit,
    rescan: formatDuration(mirror.rescanMs),
    'encode-wait': formatDuration(mirror.encodeWaitMs),
    'delta-generations': mirror.deltaGenerations,
    raw: mirror.travel.raw,
    'raw-or-delta': mirror.travel.rawOrDelta,
  };
}

function withoutEmptyLists(mapping: Written): Written {
  return Object.fromEntries(Object.entries(mapping).filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

/**
 * A configuration file that reads as these settings. Each key has its description as a comment; keys that are not set
 * are explained at the end.
 * @param header comment lines for the top, without their `#`.
 */
export function configText(settings: Settings, header: readonly string[] = []): string {
  const written = asWritten(settings);
  const usual = asWritten(parseSettings('depot: a\nsite: a\n', settings.file));
  const isUsual = (key: string): boolean => isDeepStrictEqual(written[key], usual[key]);
  // What is written is this depot's own word, which is held against what the company sets for its site.
  const idle = ['poll', 'encoding', 'signing', 'network'].filter(isUsual);
  const keys = Object.entries(written).filter(
    ([key, value]) => value !== undefined && (!isEmpty(value) || key === emptied) && !idle.includes(key),
  );
  const document = new Document(Object.fromEntries(keys), { aliasDuplicateObjects: false });
  const schema = configSchema();
  if (isMap(document.contents)) {
    explainKeys(document.contents, schema, 0);
    for (const { key } of document.contents.items.slice(1)) if (isScalar(key)) key.spaceBefore = true;
  }
  const absent = Object.entries(schema.properties ?? {}).filter(([key]) => !document.has(key));
  const absences = absent.flatMap(([key, { description }]) => ['', ...wrapped(`${key}: ${description ?? ''}`, 0)]);
  document.commentBefore = header.map((line) => ` ${line}`).join('\n');
  document.comment = absent.length === 0 ? null : [' Not set here:', ...absences].join('\n');
  return document.toString({ lineWidth: 0 });
}

function explainKeys(mapping: YAMLMap, schema: JsonSchema, depth: number): void {
  mapping.items = mapping.items.filter(
    ({ key, value }) =>
      !(isMap(value) && value.items.length === 0) || (depth === 0 && isScalar(key) && key.value === emptied),
  );
  for (const { key, value } of mapping.items) {
    if (!isScalar(key)) continue;
    const inner = schemaOfKey(schema, String(key.value));
    if (inner?.description !== undefined) key.commentBefore = wrapped(inner.description, depth).join('\n');
    if (isMap(value)) explainKeys(value, inner ?? {}, depth + 1);
    if (isSeq(value) && value.items.every(isScalar)) value.flow = true;
  }
}

/** The one mapping that says something when it is empty: it takes back what was signed. */
const emptied = 'sites';

/** An empty list says something, an empty mapping nothing. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

/** Lines that stay within 100 columns when they are indented to their depth. */
function wrapped(text: string, depth: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.length + word.length > 96 - 2 * depth) {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
