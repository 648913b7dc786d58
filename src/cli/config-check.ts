import { Command } from 'commander';
import { configShowCommand } from './config-show.js';
import { configWarnings } from './config-warnings.js';
import { formatAddress } from '../config/address.js';
import { ownWindows, rateAsWritten } from '../config/network.js';
import { ConfigError } from '../config/problems.js';
import { redactedProxy } from '../config/proxy.js';
import { configSchemaText } from '../config/schema-file.js';
import { loadConfig, type PublishedSettings, type Settings } from '../config/settings.js';
import { formatDuration, formatPercentage, formatSize } from '../config/units.js';
import { checkSites } from '../daemon/sites-check.js';
import type { GivenSettings } from '../model/site-settings.js';
import type { Selection } from '../model/selection.js';
import { givenAt } from './given-here.js';
import { givenWords } from './given-words.js';
import { printJson, printLines, requestOf, type Program } from './request.js';
import { count, plural, safe } from './words.js';

export function configCommand(program: Program): Command {
  const config = new Command('config').description('check the configuration, show it, or print its schema');
  config
    .command('check')
    .argument('[file]', 'the file (default: that of --config)')
    .description('say what a configuration comes to, or all that is wrong with it')
    .action(async (named: string | undefined, _options: object, command: Command) => {
      const { terminal, configFile, json } = requestOf(program, command);
      const file = named ?? configFile;
      try {
        const config = await loadConfig(file);
        const { settings } = config;
        const { view } = await givenAt(config);
        checkSites(config, view.directory);
        const warnings = await configWarnings(config, view, terminal.now());
        if (json)
          return await printJson(terminal, {
            file,
            valid: true,
            problems: [],
            warnings,
            settings: shownSettings(settings),
          });
        await printLines(terminal, [`${file} is good`, '', ...meaning(settings, view.given)]);
        for (const warning of warnings) terminal.err(`${terminal.errColours.yellow('warning:')} ${safe(warning)}\n`);
      } catch (error) {
        if (!json || !(error instanceof ConfigError)) throw error;
        await printJson(terminal, { file, valid: false, problems: error.problems, warnings: [], settings: null });
        throw error;
      }
    });
  config
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors')
    .action(async () => program.terminal.out(configSchemaText()));
  config.addCommand(configShowCommand(program));
  return config;
}

/** Without the password of the proxy. */
function shownSettings(settings: Settings): Settings {
  return settings.proxy === null ? settings : { ...settings, proxy: redactedProxy(settings.proxy) };
}

/** What the settings mean, one fact a line, in words. */
function* meaning(settings: Settings, given: GivenSettings | null): Generator<string> {
  const { depot, site, data, listen, certificate, parents, poll, deletions } = settings;
  yield fact('depot', `${depot}, at ${site}`);
  yield fact('data', data);
  yield fact('listens', formatAddress(listen) + (listen.scheme === 'http' ? ' (plain HTTP, this machine only)' : ''));
  if (certificate !== null)
    yield fact('shows', `the certificate in ${certificate.file}, with the key in ${certificate.key}`);
  if (parents.length === 0) yield fact('parents', 'none: this is an origin');
  for (const [at, { url, repositories }] of parents.entries()) {
    yield fact(at === 0 ? 'parents' : '', repositories === null ? url : `${url}, first for ${repositories.join(', ')}`);
  }
  if (settings.proxy !== null) yield fact('proxy', redactedProxy(settings.proxy));
  if (parents.length > 0) {
    const start = poll.atStart ? ', and at the start' : '';
    yield fact('polls', `each ${formatDuration(poll.everyMs)} ± ${formatPercentage(poll.jitter)}${start}`);
    if (poll.contentMs !== null) yield fact('', `content of packages each ${formatDuration(poll.contentMs)}`);
    for (const [name, { everyMs, contentMs }] of Object.entries(poll.repositories)) {
      const own = [
        ...(everyMs === null ? [] : [`each ${formatDuration(everyMs)}`]),
        ...(contentMs === null ? [] : [`its content each ${formatDuration(contentMs)}`]),
      ];
      if (own.length > 0) yield fact('', `${name} ${own.join(', ')}`);
    }
    yield* followed(settings);
    yield* line(settings);
    if (given !== null) yield fact('within', `${givenWords(siteNames(given))} (depot config show --effective)`);
    yield fact('holds', held(deletions.holdAbove));
  }
  const sites = (settings.sites ?? []).map(({ site }) => site);
  if (sites.length > 0) yield fact('gives', `settings to the depots at ${sites.join(', ')} and below`);
  if (settings.repositories.length === 0) yield fact('publishes', 'nothing');
  for (const [at, each] of settings.repositories.entries()) yield* published(at === 0 ? 'publishes' : '', each);
  yield fact('encodes', encoding(settings));
  yield fact('keeps', `replaced generations for ${formatDuration(settings.keepGenerationsMs)}`);
  yield fact('logs', `${settings.log} and above`);
}

function encoding({ encoding: { level, levelLarge, onDemandCpu, memoryBytes } }: Settings): string {
  const levels = `zstd ${level}, for large files ${levelLarge}`;
  const asked =
    onDemandCpu === 0
      ? 'nothing when depots below ask'
      : `when depots below ask, ${formatPercentage(onDemandCpu)} of a processor`;
  return `${levels}, in ${formatSize(memoryBytes)} of memory; ${asked}`;
}

function siteNames({ generation, network, poll }: GivenSettings): Parameters<typeof givenWords>[0] {
  return { generation, network: network?.site ?? null, poll: poll?.site ?? null };
}

function fact(what: string, said: string): string {
  return `${what.padEnd(9)}  ${safe(said)}`;
}

/** What the line gives; nothing where nothing was set. */
function* line({ network }: Settings): Generator<string> {
  const { windows, otherwise, frameBytes } = network;
  if (otherwise === null) return;
  const zone =
    windows.length === 0 ? '' : `, ${plural(windows.length, 'window')} in ${ownWindows(network).zone} (depot windows)`;
  const urgent =
    network.urgent === null || network.urgent === 'closed'
      ? ''
      : `; urgent releases at least ${rateAsWritten(network.urgent)}`;
  const frames = frameBytes === null ? '' : `, in frames of ${formatSize(frameBytes)}`;
  yield fact('line', `${rateAsWritten(otherwise)}${zone}${frames}${urgent}`);
}

function* followed({ follow, site }: Settings): Generator<string> {
  if (follow === 'all') yield fact('follows', `every repository whose scope covers ${site}`);
  else if (follow.length === 0) yield fact('follows', 'nothing; it only passes on what depots below want');
  else for (const [at, one] of follow.entries()) yield fact(at === 0 ? 'follows' : '', one.repository + part(one));
}

function part({ include, exclude }: Selection): string {
  const only = include.length === 0 ? '' : `, only ${include.join(' ')}`;
  return exclude.length === 0 ? only : `${only}, without ${exclude.join(' ')}`;
}

function* published(what: string, settings: PublishedSettings): Generator<string> {
  if (settings.kind === 'packages') {
    const { name, work, context, keep } = settings;
    yield fact(what, `${name}: packages from ${work}, for ${context} and all below`);
    yield fact('', `  the last ${plural(keep.releases, 'release')}; older ones for ${plural(keep.days, 'day')}`);
    return;
  }
  const mirror = settings;
  const { name, source, context, settleMs, watchLimit, rescanMs } = mirror;
  const without = part({ include: [], exclude: mirror.exclude });
  yield fact(what, `${name}: ${source}${without}, for ${context} and all below`);
  yield fact('', `  ${formatDuration(settleMs)} after the last change; ${mirror.names} names`);
  const { raw, rawOrDelta } = mirror.travel;
  if (raw.length > 0) yield fact('', `  ${safe(raw.join(' '))} travels as it is`);
  if (rawOrDelta.length > 0) yield fact('', `  ${safe(rawOrDelta.join(' '))} travels as it is, or as a delta`);
  yield fact(
    '',
    `  watched up to ${plural(watchLimit, 'file')}, above that rescanned each ${formatDuration(rescanMs)}`,
  );
}

function held({ files, percent }: Settings['deletions']['holdAbove']): string {
  const limits = [
    ...(files === null ? [] : [plural(files, 'file')]),
    ...(percent === null ? [] : [`${count(percent)} % of a repository`]),
  ];
  if (limits.length === 0) return 'no deletions, however many';
  return `deletions of more than ${limits.join(' or ')} until they are approved`;
}
