import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../config/units.js';
import { daemonOf } from './reach.js';
import { printJson, printLines, requestOf, type Program } from './request.js';

export function inviteCommand(program: Program): Command {
  return new Command('invite')
    .description('make a token with which a new depot joins below this one')
    .argument('<depot>', 'the name that it will have')
    .requiredOption('--site <site>', 'where it will stand: at the site of this depot, or below')
    .addOption(
      new Option('--ttl <time>', 'how long the token can be used').argParser(lifetime).default(3_600_000, '1h'),
    )
    .option('--url <url...>', 'where the new depot reaches this one (default: the address that it listens on)')
    .action(async (depot: string, options: { site: string; ttl: number; url?: string[] }, command: Command) => {
      const request = requestOf(program, command);
      const api = await daemonOf(request);
      const { site, ttl: ttlMs, url = null } = options;
      const result = await api.trust.invite(depot, site, { ttlMs, urls: url });
      if (request.json) return printJson(request.terminal, result);
      // The token alone on stdout: it can be piped to where it is wanted.
      request.terminal.err(
        `${depot} can join at ${site} until ${result.expiresAt}, through ${result.urls.join(', ')}.\n` +
          'On the new machine, run depot join and paste this; whoever has it can take the place of the depot:\n',
      );
      await printLines(request.terminal, [result.token]);
    });
}

const longestMs = 30 * 86_400_000;

function lifetime(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1000 && ms <= longestMs) return ms;
  throw new InvalidArgumentError('a time such as 30m, 1h or 7d, at most 30d');
}
