import { Command } from 'commander';
import { bounded } from '../config/bounded.js';
import { formatTime } from '../config/calendar.js';
import { ownWindows, rateAsWritten } from '../config/network.js';
import { loadConfig } from '../config/settings.js';
import { windowDays, type WindowDay } from '../model/window-days.js';
import { wallTime } from '../model/zone.js';
import { columns } from './columns.js';
import { givenAt } from './given-here.js';
import { printJson, printLines, requestOf, type Program } from './request.js';
import type { Terminal } from './terminal.js';
import { safe, size } from './words.js';

/** Days that are shown. */
const shownDays = 14;

export function windowsCommand(program: Program): Command {
  return new Command('windows')
    .description('when bulk bytes may move in the next 14 days, how fast, and how many')
    .action(async (_options: object, command: Command) => {
      const { terminal, configFile, json } = requestOf(program, command);
      const config = await loadConfig(configFile);
      const { view } = await givenAt(config);
      const windows = ownWindows(bounded(config.settings, view.given).network);
      const days = windowDays(windows, terminal.now(), shownDays);
      for (const what of view.unknown) terminal.err(`${terminal.errColours.yellow('not known:')} ${safe(what)}\n`);
      const given =
        view.given?.network == null ? null : { site: view.given.network.site, generation: view.given.generation };
      if (json) return printJson(terminal, { timezone: windows.zone, given, days });
      const within =
        given === null ? '' : `, within what the directory sets for ${given.site} (generation ${given.generation})`;
      await printLines(terminal, [
        `times of ${windows.zone}${within}`,
        '',
        ...dayLines(days, windows.zone, terminal.colours),
      ]);
    });
}

function dayLines(
  days: readonly WindowDay[],
  zone: string,
  { dim, yellow, green, red }: Terminal['colours'],
): string[] {
  const heads = [
    { head: 'DAY' },
    { head: 'FROM' },
    { head: 'TO' },
    { head: 'RATE' },
    { head: 'CAPACITY', align: 'right' },
    { head: '' },
  ] as const;
  const clock = (time: string): string =>
    formatTime(Math.floor((wallTime(zone, Date.parse(time)) % 86_400_000) / 60_000));
  const rows = days.flatMap(({ date, extraMinutes, spans }) =>
    spans.map(({ from, until, rate, bytes, limited }, at) => [
      at === 0 ? `${weekday(date)} ${date}` : '',
      clock(from),
      at === spans.length - 1 ? '24:00' : clock(until),
      rate === 'closed' ? red(rate) : rate === 'unlimited' ? green(rate) : rateAsWritten(rate),
      bytes === null ? '' : bytes === 0 ? '-' : size(bytes),
      [
        ...(limited ? [dim('as the directory sets it')] : []),
        ...(at === 0 && extraMinutes !== 0
          ? [yellow(`the clock is changed: this day has ${duration(24 * 60 + extraMinutes)}`)]
          : []),
      ].join('; '),
    ]),
  );
  return columns(heads, rows, dim).lines;
}

function weekday(date: string): string {
  return new Date(`${date}T12:00:00Z`).toLocaleDateString('en-GB', { weekday: 'short', timeZone: 'UTC' });
}

function duration(minutes: number): string {
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}
