import { access, constants, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isInside } from '../config/agreement.js';
import { formatPath } from '../config/problems.js';
import type { LoadedConfig, PublishedSettings, Settings } from '../config/settings.js';
import { formatDuration } from '../config/units.js';
import { givenWarnings } from '../daemon/in-force.js';
import { sitesLeft, sitesWithoutDepots } from '../daemon/sites-check.js';
import { checkTransport } from '../daemon/transport.js';
import { directoryName } from '../model/company.js';
import { asDepotError } from '../model/errors.js';
import { hiddenWindows } from '../model/hidden-windows.js';
import { metadataName } from '../model/metadata.js';
import type { GivenView } from '../model/shown-settings.js';
import { layoutOf } from '../store/layout.js';

/** What sun_path of a Unix socket can hold on Linux, in bytes, without the zero at its end. */
const longestSocketPath = 107;

/** What a company is taken to have, where the site of this depot does not stand deeper. */
const fewestLevels = 5;

/** What is allowed and yet hardly meant, or not ready on this machine for this user; one sentence each. */
export async function configWarnings(config: LoadedConfig, view: GivenView, nowMs: number): Promise<string[]> {
  const { settings } = config;
  const sources = await Promise.all(settings.repositories.map((published) => sourceWarning(published, settings.data)));
  return [
    await dataWarning(settings.data),
    ...(await transportWarnings(settings)),
    ...(await certificateWarnings(settings)),
    ...sources,
    ...shortLives(settings),
    ...hidden(settings),
    ...givenWarnings(config, view.given, nowMs),
    ...view.unknown.map((what) => `not known: ${what}`),
    ...unsignedSites(settings, view),
    ...sitesWithoutDepots(settings, view.sites),
    ...idle(settings),
  ].filter((warning) => warning !== undefined);
}

/** What the start would refuse of a depot that has joined. A user who may not look is told nothing. */
async function transportWarnings(settings: Settings): Promise<string[]> {
  const pinned = join(layoutOf(settings.data).metadataOf(directoryName), metadataName('root', 1));
  if ((await stat(pinned).catch(() => undefined)) === undefined) return [];
  try {
    checkTransport(settings, true);
    return [];
  } catch (thrown) {
    const { message, hint } = asDepotError(thrown, 'check the addresses');
    return [`${message}; the daemon will not start with it: ${hint}`];
  }
}

async function certificateWarnings({ certificate }: Settings): Promise<string[]> {
  if (certificate === null) return [];
  const found = await Promise.all(
    (['file', 'key'] as const).map(async (key) => {
      const there = await stat(certificate[key]).catch(() => undefined);
      if (there?.isFile() !== true) return [`certificate.${key}: there is no file ${certificate[key]} here`];
      const isOpen = key === 'key' && (there.mode & constants.S_IROTH) !== 0;
      return isOpen ? [`certificate.key: everybody on this machine can read ${certificate.key}`] : [];
    }),
  );
  return found.flat();
}

async function dataWarning(data: string): Promise<string | undefined> {
  const socket = layoutOf(data).controlSocket;
  if (Buffer.byteLength(socket) > longestSocketPath) {
    return `data: the path is too long for a socket in it (${socket}); only the service, which has it elsewhere, can use it`;
  }
  const there = await stat(data).catch(() => undefined);
  if (there === undefined) {
    const above = await nearest(dirname(data));
    const writable = await isWritable(above);
    return `data: ${data} does not exist yet${writable ? '; the daemon makes it' : `, and this user may not make it in ${above}`}`;
  }
  if (!there.isDirectory()) return `data: ${data} is not a folder`;
  return (await isWritable(data)) ? undefined : `data: this user may not write to ${data}`;
}

async function sourceWarning(published: PublishedSettings, data: string): Promise<string | undefined> {
  const [field, source] = published.kind === 'mirror' ? ['source', published.source] : ['work', published.work];
  const key = `repositories.${published.name}.${field}`;
  const there = await stat(source).catch(() => undefined);
  if (there === undefined) return `${key}: ${source} does not exist here; nothing is published until it does`;
  if (!there.isDirectory()) return `${key}: ${source} is not a folder; nothing is published until it is`;
  const readable = await access(source, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!readable) return `${key}: this user may not read ${source}`;
  const [real, realData] = await Promise.all([realpath(source), realpath(data).catch(() => data)]);
  if (isInside(real, realData) || isInside(realData, real)) {
    return `${key}: ${source} is ${real}, and that and the data directory ${realData} lie in each other`;
  }
  return undefined;
}

/** A change moves down one level a poll; so does the news that it is still the newest, with two polls in reserve at each. */
const reserve = 3;

function* shortLives({ repositories, site, sites, poll, signing }: Settings): Generator<string> {
  if (repositories.length === 0) return;
  const levels = Math.max(fewestLevels, site.split('/').length);
  const everyMs = Math.max(poll.everyMs, ...(sites ?? []).map(({ settings }) => settings.poll?.everyMs ?? 0));
  const needed = levels * everyMs * reserve;
  const lives = { root: signing.rootMs, targets: signing.targetsMs, timestamp: signing.timestampMs };
  for (const [role, ms] of Object.entries(lives)) {
    if (ms >= needed) continue;
    yield (
      `signing.${role}: ${formatDuration(ms)} is short: with ${levels} levels of depots that poll each ` +
      `${formatDuration(everyMs)} and ${reserve} polls a level, it should be ${formatDuration(needed)} or more, ` +
      'or depots far down hold what has expired'
    );
  }
}

function* unsignedSites({ sites, data }: Settings, { directory, signed }: GivenView): Generator<string> {
  if (sites === null && signed !== null && signed.length > 0) yield sitesLeft(signed);
  if (sites === null || sites.length === 0) return;
  if (directory === 'nowhere') yield 'sites: nothing of it is signed before depot ca init has made the directory';
  if (directory === null)
    yield `sites: not known whether the company's directory is held here: this user may not read ${layoutOf(data).keys}`;
}

function* hidden({ network, sites }: Settings): Generator<string> {
  const networks = [
    { key: 'network', ...network },
    ...(sites ?? []).flatMap(({ site, settings }) =>
      settings.network === undefined ? [] : [{ key: formatPath(['sites', site, 'network']), ...settings.network }],
    ),
  ];
  const lists = networks.flatMap(({ key, windows, uploads }) => [
    { key: `${key}.windows`, list: windows },
    { key: `${key}.uploads.windows`, list: uploads.windows },
  ]);
  for (const { key, list } of lists) {
    for (const { window, because } of hiddenWindows(list)) {
      const why =
        because === 'earlier' ? 'earlier windows hold whenever this one does' : 'its days and dates never meet';
      yield `${key}[${window}]: this window never counts: ${why}`;
    }
  }
}

function* idle({ parents, poll, follow }: Settings): Generator<string> {
  const own = Object.keys(poll.repositories);
  if (parents.length === 0 && own.length > 0) yield 'poll: there is no parent, so nothing is polled';
  if (poll.contentMs !== null && poll.contentMs < poll.everyMs) {
    yield 'poll.content: this is less than poll.every, so content is fetched with each poll';
  }
  for (const [name, { everyMs, contentMs }] of Object.entries(poll.repositories)) {
    if (contentMs === null || contentMs >= (everyMs ?? poll.everyMs)) continue;
    yield `poll.repositories.${name}.content: this is less than the interval of its polls, so it is fetched with each`;
  }
  if (parents.length > 0 && parents.every(({ repositories }) => repositories !== null)) {
    yield 'parent: each parent is limited to some repositories; others are fetched from nowhere';
  }
  if (follow === 'all') return;
  const followed = new Set(follow.map(({ repository }) => repository));
  const named = parents.flatMap(({ repositories }) => repositories ?? []).map((name) => ['parent', name] as const);
  for (const [key, name] of [...named, ...own.map((name) => ['poll.repositories', name] as const)]) {
    if (parents.length > 0 && !followed.has(name)) {
      yield `${key}: ${name} is not followed here; this counts only if a depot below wants it`;
    }
  }
}

async function nearest(folder: string): Promise<string> {
  const there = await stat(folder).catch(() => undefined);
  return there?.isDirectory() === true || folder === '/' ? folder : nearest(dirname(folder));
}

async function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}
