import { Command } from 'commander';
import { DepotError } from '../model/errors.js';
import type { ForecastBelow, ForecastResult } from '../model/forecast-status.js';
import type { Asked } from '../model/left.js';
import { isName } from '../model/names.js';
import { columns } from './columns.js';
import { endWords, forecastWords } from './forecast-words.js';
import { asText, packageName } from './package-name.js';
import { daemonOf } from './reach.js';
import { printJson, printLines, printProse, requestOf, type Program } from './request.js';
import type { Terminal } from './terminal.js';
import { ago, plural, safe, size, zoneWords } from './words.js';

export function forecastCommand(program: Program): Command {
  return new Command('forecast')
    .description('when this depot, and those below it, will have all that they lack')
    .argument('[repository]', 'REPOSITORY, or REPOSITORY/PACKAGE')
    .addHelpText(
      'after',
      '\nIt is reckoned from the sizes of the files that are missing, the most that can cross the line, from windows and rates,\nthose of the parent included, from poll.content and from what was measured; so it is the latest time. Depots below reckon for themselves, and report it.',
    )
    .action(async (text: string | undefined, _options: object, command: Command) => {
      const request = requestOf(program, command);
      const { terminal, json } = request;
      const asked = text === undefined ? null : askedOf(text);
      const result = await (await daemonOf(request)).forecast(asked);
      if (json) return printJson(terminal, result);
      await printProse(terminal, ownLines(result, asked, terminal));
      await printLines(terminal, belowLines(result, terminal));
    });
}

function askedOf(text: string): Asked {
  if (text.includes('/')) {
    const { repository, name } = packageName(text);
    return { repository, package: name };
  }
  if (isName(text)) return { repository: text, package: null };
  throw new DepotError('bad-request', `${JSON.stringify(text)} names no repository and no package`, {
    hint: 'REPOSITORY or REPOSITORY/PACKAGE, such as tools or apps/vlc',
    retry: 'never',
  });
}

/** A forecast asks no parent. */
const nothingMissing = 'nothing is missing here of what the last poll told';

function ownLines({ own, timezone }: ForecastResult, asked: Asked | null, { colours, now }: Terminal): string[] {
  const lines = own.map((forecast) => {
    const { repository, package: name } = forecast;
    const what = name === null ? repository : asText({ repository, name });
    return `${colours.bold(what)}: ${forecastWords(forecast, timezone, now())}${zoneWords(timezone, now())}`;
  });
  if (lines.length > 0) return lines;
  if (asked === null) return [nothingMissing];
  const { repository, package: name } = asked;
  return [`${name === null ? repository : asText({ repository, name })}: ${nothingMissing}`];
}

const heads = [
  ...['DEPOT', 'SITE', 'REPOSITORY'].map((head) => ({ head })),
  { head: 'LEFT', align: 'right' } as const,
  { head: 'DONE' },
  { head: 'REPORTED' },
];

/** Those that are not done; how many are is said in a line. */
function belowLines({ below, timezone }: ForecastResult, { colours, now }: Terminal): string[] {
  if (below.length === 0) return [];
  const waiting = below
    .filter(({ state }) => state !== 'done')
    .sort((a, b) => (a.site + a.depot < b.site + b.depot ? -1 : 1));
  const done = below.length - waiting.length;
  const rows = waiting.map((each) => [
    each.depot,
    each.site,
    each.repository,
    each.bytesLeft === null ? '' : size(each.bytesLeft),
    doneCell(each, timezone, now()),
    ago(each.at, now()),
  ]);
  const table = rows.length === 0 ? [] : ['', ...columns(heads, rows, colours.dim).lines];
  const sum = `${done} of ${plural(below.length, 'copy', 'copies')} below ${below.length === 1 ? 'has' : 'have'} what is known here`;
  return [...table, sum];
}

function doneCell({ state, doneAt, reason, waitsFor }: ForecastBelow, zone: string, now: number): string {
  if (state === 'not-heard') return 'has not heard of it yet';
  if (state === 'not-told') return 'does not say';
  const after = waitsFor === null ? '' : `, after ${safe(waitsFor)}`;
  if (doneAt !== null) return `${endWords(doneAt, zone, now)}${after}`;
  if (waitsFor !== null) return `when ${safe(waitsFor)} is done`;
  if (reason === 'closed') return 'never: closed without end';
  return reason === 'slow' ? 'not within 400 days' : 'not known';
}
