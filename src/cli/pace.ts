import { Command, InvalidArgumentError } from 'commander';
import { slowestRate } from '../config/leaves.js';
import { rateAsWritten } from '../config/network.js';
import { formatRate, meantRates, parseDuration, parseRate } from '../config/units.js';
import type { Rate } from '../model/rate.js';
import type { LineStatus } from '../model/line-status.js';
import { momentWords } from '../model/zone.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import { size, zoneWords } from './words.js';

/** A week; whoever means longer sets it in the file. */
const longestMs = 7 * 86_400_000;

export function paceCommand(program: Program): Command {
  return new Command('pace')
    .description('set the rate of the line by hand, in place of the windows')
    .argument('<rate>', 'such as 5Mbit/s, or unlimited', rateArgument)
    .option('--for <time>', 'for so long, such as 2h; without it until depot resume', timeArgument)
    .action(async (rate: Rate, { for: forMs }: { for?: number }, command: Command) =>
      order(program, command, { rate, forMs: forMs ?? null }),
    );
}

export function pauseCommand(program: Program): Command {
  return new Command('pause')
    .description('transfer nothing large; polls go on')
    .option('--for <time>', 'for so long, such as 2h; without it until depot resume', timeArgument)
    .action(async ({ for: forMs }: { for?: number }, command: Command) =>
      order(program, command, { rate: 'closed', forMs: forMs ?? null }),
    );
}

export function resumeCommand(program: Program): Command {
  return new Command('resume')
    .description('let the windows hold again, after depot pace or depot pause')
    .action(async (_options: object, command: Command) => order(program, command, null));
}

async function order(
  program: Program,
  command: Command,
  asked: { readonly rate: Rate; readonly forMs: number | null } | null,
): Promise<void> {
  const request = requestOf(program, command);
  const line = await (await daemonOf(request)).orderLine(asked);
  if (request.json) return printJson(request.terminal, line);
  await printProse(request.terminal, [`the line: ${lineWords(line, request.terminal.now())}`]);
}

/** `512kbit/s until 20:00`, in the time zone of the windows. */
export function lineWords(line: LineStatus, now: number): string {
  const urgent = line.urgent === null ? '' : `; urgent releases ${rateAsWritten(line.urgent)}`;
  const hasTimes = line.until !== null || line.opensAt !== null;
  return `${ordinaryWords(line, now)}${urgent}${hasTimes ? zoneWords(line.timezone, now) : ''}`;
}

function ordinaryWords(
  { rate, until, opensAt, ordered, orderedUntil, limited, timezone, closedBytes }: LineStatus,
  now: number,
): string {
  const by = [
    limited ? ', which is what the directory allows (depot config show --effective)' : '',
    ordered ? ', by hand (depot resume ends it)' : '',
  ].join('');
  const moment = (time: string): string => momentWords(timezone, Date.parse(time), now);
  if (rate !== 'closed') return `${rateAsWritten(rate)}${until === null ? '' : ` until ${moment(until)}`}${by}`;
  const passed = closedBytes === 0 ? '' : `; ${size(closedBytes)} of heads, reports and frames under way passed`;
  const opens = opensAt === null ? '' : `, opens ${moment(opensAt)}`;
  // Where the windows are closed when the order ends, to end it opens nothing.
  const then =
    orderedUntil === undefined || orderedUntil === opensAt ? '' : `, the windows from ${moment(orderedUntil)} on`;
  return `closed${opens}${by}${then}${passed}`;
}

function rateArgument(text: string): Rate {
  if (text === 'unlimited') return text;
  const rate = parseRate(text);
  if (rate !== undefined && rate >= slowestRate) return rate;
  if (rate !== undefined)
    throw new InvalidArgumentError(`the lowest rate is ${formatRate(slowestRate)}; depot pause stops all`);
  const meant = meantRates(text);
  throw new InvalidArgumentError(
    meant.length > 1 ? `write ${meant.join(' or ')}` : `such as ${meant[0] ?? '5Mbit/s'}, or unlimited`,
  );
}

function timeArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1000 && ms <= longestMs) return ms;
  throw new InvalidArgumentError('a whole number and s, m, h or d, at most 7d');
}
