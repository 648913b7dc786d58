import type { Follow } from '../model/selection.js';
import type { TravelRules } from '../model/travel.js';
import { disagreements } from './agreement.js';
import { formatAddress, type Address } from './address.js';
import { readDocument, type ConfigDocument } from './document.js';
import { explain } from './explain.js';
import { readConfigFile } from './file.js';
import { networkFrom, type NetworkSettings } from './network.js';
import { placeAt, placesOf, type Places } from './places.js';
import { ConfigError, formatPath, maxProblems, type Finding, type Path, type Problem } from './problems.js';
import { configShape, type Config } from './shape.js';
import { sitesFrom, type GivenBySite } from './sites.js';
import type { TextFault } from './syntax.js';

/** What a depot is told to do: everything filled in, durations in milliseconds, frozen through and through. */
export interface Settings {
  /** The file that it was read from, as it was named. */
  readonly file: string;
  readonly depot: string;
  readonly site: string;
  /** Absolute. */
  readonly data: string;
  /** With `http` on loopback; `::1` without brackets. */
  readonly listen: Address;
  /** Absolute paths of what the company's own PKI issued; null where certificates come from depotd's CA. */
  readonly certificate: { readonly file: string; readonly key: string } | null;
  /** In the order in which they are asked. `repositories`: those for which this parent wins; null: it is for all. */
  readonly parents: readonly { readonly url: string; readonly repositories: readonly string[] | null }[];
  /** URL of the proxy towards parents with `https:`, with user and password where they are given. */
  readonly proxy: string | null;
  readonly poll: {
    readonly everyMs: number;
    /** A fraction of the interval, 0 to 0.5. */
    readonly jitter: number;
    readonly atStart: boolean;
    /** How often the content of packages is fetched; null: with each poll. */
    readonly contentMs: number | null;
    /** By repository; an object without prototype, so that no name finds what is not there. */
    readonly repositories: Readonly<Record<string, OwnIntervals>>;
    /** No two polls by interval follow each other sooner, whatever the jitter; nothing in what a file says. */
    readonly atLeastMs?: number;
  };
  readonly network: NetworkSettings;
  /** What is to be given to the depots of sites, sorted by site; null where the file says nothing of it, and what is given stays. */
  readonly sites: readonly GivenBySite[] | null;
  /** An empty list where there is no parent. */
  readonly follow: Follow;
  /** Those published here, sorted by name. */
  readonly repositories: readonly PublishedSettings[];
  /** By their names, those that are always there among them; an object without prototype. */
  readonly packageTypes: Readonly<Record<string, { readonly compress: boolean; readonly delta: boolean }>>;
  readonly encoding: {
    /** Of zstd, up to 64 MiB and beyond. */
    readonly level: number;
    readonly levelLarge: number;
    /** What depots below may have made for them: a share of one processor, over an hour; may be more than 1. */
    readonly onDemandCpu: number;
    /** Of all encoders together. */
    readonly memoryBytes: number;
  };
  /** Limits above which deletions wait for approval; null: no limit. */
  readonly deletions: { readonly holdAbove: { readonly files: number | null; readonly percent: number | null } };
  /** How long after its end the certificate of a depot below still counts for a renewal; null: as the directory says. */
  readonly rejoinMs: number | null;
  /** How long what is signed here is valid. */
  readonly signing: { readonly rootMs: number; readonly targetsMs: number; readonly timestampMs: number };
  readonly keepGenerationsMs: number;
  readonly log: 'debug' | 'info' | 'warn' | 'error';
}

/** Null: as for all. */
export interface OwnIntervals {
  readonly everyMs: number | null;
  readonly contentMs: number | null;
}

export interface MirrorSettings {
  readonly name: string;
  readonly kind: 'mirror';
  readonly context: string;
  /** Absolute. */
  readonly source: string;
  readonly settleMs: number;
  readonly exclude: readonly string[];
  readonly names: 'portable' | 'strict' | 'posix';
  /** Files; a larger source is rescanned instead of watched. */
  readonly watchLimit: number;
  readonly rescanMs: number;
  /** How long a new generation may wait for the encodings of its large files. */
  readonly encodeWaitMs: number;
  /** From so many generations before a new one deltas are made when it is published. */
  readonly deltaGenerations: number;
  readonly travel: TravelRules;
}

export interface PackagesSettings {
  readonly name: string;
  readonly kind: 'packages';
  readonly context: string;
  /** Absolute path of the folder with the work copies. */
  readonly work: string;
  readonly keep: { readonly releases: number; readonly days: number };
  readonly rings: readonly {
    readonly name: string;
    readonly sites: readonly string[];
    readonly depots: readonly string[];
  }[];
}

export type PublishedSettings = MirrorSettings | PackagesSettings;

/** What does not shrink travels as it is: installers and images are compressed already. */
export const usualTypes: Settings['packageTypes'] = {
  app: { compress: true, delta: true },
  msi: { compress: false, delta: false },
  os: { compress: false, delta: false },
  script: { compress: true, delta: true },
  book: { compress: true, delta: true },
};

/** @throws ConfigError with all problems; DepotError `config-missing` when the file cannot be read. */
export async function loadSettings(file: string): Promise<Settings> {
  return (await loadConfig(file)).settings;
}

/** The settings of a file, and where in it each of them stands. */
export interface LoadedConfig {
  readonly settings: Settings;
  readonly places: Places;
}

/** @throws ConfigError with all problems; DepotError `config-missing` when the file cannot be read. */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  return parseConfig(await readConfigFile(file), file);
}

/**
 * @param file names the text in messages.
 * @throws ConfigError with all problems.
 */
export function parseSettings(text: string, file: string): Settings {
  return parseConfig(text, file).settings;
}

/** The same, with the place of each key. @throws ConfigError with all problems. */
export function parseConfig(text: string, file: string): LoadedConfig {
  const source = text.startsWith('\ufeff') ? text.slice(1) : text;
  const document = readDocument(source);
  if (document.unreadable.some((path) => path.length === 0)) {
    throw configError(source, file, document.faults, 'the settings themselves are checked once the YAML can be read');
  }
  const reading = configShape.safeParse(document.value);
  const issues = reading.success ? [] : explain(reading.error.issues, document.value);
  const findings = [...issues, ...disagreements(document.value)];
  const faults = [...document.faults, ...placed(findings, document)];
  if (faults.length > 0 || !reading.success) {
    throw configError(source, file, faults, `correct the file, then: depot config check ${file}`);
  }
  return { settings: frozen(settingsFrom(reading.data, file)), places: placesOf(source, document) };
}

/** Of what could not be read, nothing more can be said. */
function placed(findings: readonly Finding[], document: ConfigDocument): TextFault[] {
  return findings
    .filter(({ path }) => !document.unreadable.some((unreadable) => isBelow(path, unreadable)))
    .map(({ path, at, message }) => ({ offset: document.place(path)[at], path, message }));
}

function isBelow(path: Path, above: Path): boolean {
  return above.every((step, at) => path[at] === step);
}

function configError(text: string, file: string, faults: readonly TextFault[], hint: string): ConfigError {
  // What a reference repeats is wrong once, where it is written.
  const distinct = new Map(faults.toReversed().map((fault) => [`${fault.offset} ${fault.message}`, fault]));
  const sorted = [...distinct.values()].reverse().sort((a, b) => a.offset - b.offset);
  const listed = sorted.slice(0, maxProblems);
  const problems = listed.map(({ offset, path, message }): Problem => {
    return { file, ...placeAt(text, offset), path: formatPath(path), message };
  });
  return new ConfigError(problems, hint, sorted.length - listed.length);
}

function settingsFrom(config: Config, file: string): Settings {
  const parents = config.parent === undefined ? [] : Array.isArray(config.parent) ? config.parent : [config.parent];
  const { poll, follow, encoding, deletions, signing } = config;
  return {
    file,
    depot: config.depot,
    site: config.site,
    data: config.data,
    listen: config.listen,
    parents: parents.map((parent) =>
      'url' in parent
        ? { url: formatAddress(parent.url), repositories: parent.repositories ?? null }
        : { url: formatAddress(parent), repositories: null },
    ),
    certificate: config.certificate ?? null,
    proxy: config.proxy ?? null,
    poll: {
      everyMs: poll.every,
      jitter: poll.jitter,
      atStart: poll['at-start'],
      contentMs: poll.content ?? null,
      repositories: Object.assign(
        Object.create(null) as Record<string, OwnIntervals>,
        Object.fromEntries(Object.entries(poll.repositories).map(([name, own]) => [name, ownIntervals(own)])),
      ),
    },
    network: networkFrom(config.network),
    sites: config.sites === undefined ? null : sitesFrom(config.sites),
    follow: Array.isArray(follow)
      ? follow.map(({ repository, include, exclude }) => ({ repository, include: include ?? [], exclude }))
      : (follow ?? (parents.length > 0 ? 'all' : [])),
    // An object gives names that are whole numbers first, wherever they stand in the file.
    repositories: Object.entries(config.repositories)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, published]) => publishedFrom(name, published)),
    packageTypes: Object.assign(
      Object.create(null) as Record<string, { compress: boolean; delta: boolean }>,
      usualTypes,
      Object.fromEntries(
        Object.entries(config.packages.types).map(([type, { compress, delta }]) => [
          type,
          { compress, delta: delta ?? compress },
        ]),
      ),
    ),
    encoding: {
      level: encoding.level,
      levelLarge: encoding['level-large'],
      onDemandCpu: encoding['on-demand'].cpu,
      memoryBytes: encoding.memory,
    },
    deletions: { holdAbove: deletions['hold-above'] },
    rejoinMs: config.rejoin ?? null,
    signing: { rootMs: signing.root, targetsMs: signing.targets, timestampMs: signing.timestamp },
    keepGenerationsMs: config['keep-generations'],
    log: config.log,
  };
}

function ownIntervals(own: Config['poll']['repositories'][string]): OwnIntervals {
  if (typeof own === 'number') return { everyMs: own, contentMs: null };
  return { everyMs: own.every ?? null, contentMs: own.content ?? null };
}

function publishedFrom(name: string, published: Config['repositories'][string]): PublishedSettings {
  const { kind, context } = published;
  if (kind === 'packages') {
    const { work, keep, rings } = published;
    return {
      name,
      kind,
      context,
      work,
      keep: { releases: Math.max(1, keep.releases), days: Math.ceil(keep.for / dayMs) },
      rings,
    };
  }
  return {
    name,
    kind,
    context,
    source: published.source,
    settleMs: published.settle,
    exclude: published.exclude,
    names: published.names,
    watchLimit: published['watch-limit'],
    rescanMs: published.rescan,
    encodeWaitMs: published['encode-wait'],
    deltaGenerations: published['delta-generations'],
    travel: { raw: published.raw, rawOrDelta: published['raw-or-delta'] },
  };
}

const dayMs = 86_400_000;

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
