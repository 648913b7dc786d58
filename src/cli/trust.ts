import { Command } from 'commander';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import { plural } from './words.js';

export function trustCommand(program: Program): Command {
  return new Command('trust').description('whose signatures this depot believes').addCommand(resetCommand(program));
}

function resetCommand(program: Program): Command {
  return new Command('reset')
    .description('forget whose signatures are believed for a repository, and believe those that the next poll meets')
    .argument('<repository>')
    .option('--yes', 'do it; without this it is only said what would be discarded')
    .action(async (repository: string, options: { yes?: true }, command: Command) => {
      const request = requestOf(program, command);
      const api = await daemonOf(request);
      const result = await api.trust.reset(repository, { dryRun: options.yes !== true });
      if (request.json) return printJson(request.terminal, result);
      const { dryRun, roots, heads, newest } = result;
      const seen = newest === null ? '' : `, the newest generation ${newest}`;
      await printProse(request.terminal, [
        `${dryRun ? 'would discard' : 'discarded'} of ${repository}: ${plural(roots, 'root')} and ${plural(heads, 'head')}${seen}`,
        'content and installation copy stay; older generations cannot be told from newer ones until the next poll',
        dryRun
          ? `do it: depot trust reset ${repository} --yes`
          : `believe what it meets now: depot poll ${repository} --wait`,
      ]);
    });
}
