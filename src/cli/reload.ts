import { Command } from 'commander';
import type { ReloadResult } from '../model/status.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';

export function reloadCommand(program: Program): Command {
  return new Command('reload')
    .description('have the daemon read its configuration again')
    .action(async (_options: object, command: Command) => {
      const request = requestOf(program, command);
      const result = await (await daemonOf(request)).reload();
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, resultLines(result));
    });
}

function* resultLines({ changed, needsRestart }: ReloadResult): Generator<string> {
  if (changed.length + needsRestart.length === 0) yield 'nothing has changed';
  if (changed.length > 0) yield `in force now: ${changed.join(', ')}`;
  if (needsRestart.length > 0) yield `in force after a restart (systemctl restart depotd): ${needsRestart.join(', ')}`;
  if (needsRestart.includes('data'))
    yield 'until then the daemon goes on in the old data directory, where commands do not look for it';
}
