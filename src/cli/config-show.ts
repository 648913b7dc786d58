import { isDeepStrictEqual } from 'node:util';
import { Command } from 'commander';
import { ConfigError } from '../config/problems.js';
import { loadConfig } from '../config/settings.js';
import { valueText } from '../config/write.js';
import { shownInForce } from '../daemon/in-force.js';
import type { SettingOrigin, SettingsInForce, ShownSetting } from '../model/shown-settings.js';
import { columns } from './columns.js';
import { givenAt } from './given-here.js';
import { daemonOf } from './reach.js';
import { printJson, printLines, requestOf, type Program, type Request } from './request.js';
import type { Terminal } from './terminal.js';
import { safe } from './words.js';

export function configShowCommand(program: Program): Command {
  return new Command('show')
    .description('the settings with the origin of each: a line of the file, or a default')
    .option('--effective', "those in force: within what the company's directory gives the site of this depot")
    .action(async ({ effective }: { effective?: true }, command: Command) => {
      const request = requestOf(program, command);
      const { terminal, json } = request;
      const shown = await (effective === true ? inForce(request) : ofFile(request));
      if (json) return printJson(terminal, shown);
      await printLines(terminal, settingLines(shown.settings, terminal.colours));
      for (const what of shown.unknown) terminal.err(`${terminal.errColours.yellow('not known:')} ${safe(what)}\n`);
      for (const each of shown.warnings) terminal.err(`${terminal.errColours.yellow('warning:')} ${safe(each)}\n`);
    });
}

async function ofFile({ configFile, terminal }: Request): Promise<SettingsInForce> {
  const config = await loadConfig(configFile);
  const nothing = { directory: null, given: null, sites: null, signed: null, unknown: [] };
  return { running: false, ...nothing, ...shownInForce(config, null, terminal.now()) };
}

async function inForce(request: Request): Promise<SettingsInForce> {
  const { configFile, terminal } = request;
  const config = await loadConfig(configFile).catch((error: unknown) => {
    if (error instanceof ConfigError) return error;
    throw error;
  });
  if (config instanceof ConfigError) {
    // A daemon runs on with the settings before while the file is broken.
    const running = await (await daemonOf(request)).settings().catch(() => undefined);
    if (running === undefined) throw config;
    return { ...running, warnings: [...running.warnings, `${configFile} has problems: depot config check`] };
  }
  const { view, inForce: running } = await givenAt(config);
  const asRead = shownInForce(config, view.given, terminal.now());
  if (running === null) {
    terminal.err('the daemon does not answer; these are the settings that it would start with\n');
    return { running: false, ...view, ...asRead };
  }
  if (isDeepStrictEqual(asRead.settings, running.settings)) return running;
  const other = `${configFile} says something else by now: depot reload takes it over`;
  return { ...running, warnings: [...running.warnings, other] };
}

function settingLines(settings: readonly ShownSetting[], { dim }: Terminal['colours']): string[] {
  const rows = settings.flatMap(({ key, value, origin, beside }) => {
    const first = [safe(key), safe(valueText(value)), originWords(origin)];
    if (beside === null) return [first];
    const isBoth = beside.counts === 'at-every-moment-the-stricter';
    const note = isBoth ? 'at every moment the stricter of the two counts' : 'does not count';
    return [first, ['', dim(safe(valueText(beside.value))), `${originWords(beside.origin)}; ${note}`]];
  });
  return columns([{ head: 'KEY' }, { head: 'VALUE' }, { head: 'FROM' }], rows, dim).lines;
}

function originWords(origin: SettingOrigin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'file':
      return safe(`${origin.file}:${origin.line}`);
    case 'directory':
      return `directory, ${origin.site}, generation ${origin.generation}`;
  }
}
