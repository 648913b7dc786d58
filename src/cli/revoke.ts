import { Command } from 'commander';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import { plural } from './words.js';

export function revokeCommand(program: Program): Command {
  return new Command('revoke')
    .description('at the CA: accept no certificate of a depot any more; it travels one level a poll')
    .argument('<depot>')
    .action(async (depot: string, _options: object, command: Command) => {
      const request = requestOf(program, command);
      const api = await daemonOf(request);
      const result = await api.trust.revoke(depot);
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, [
        `revoked ${plural(result.certificates, 'certificate')} of ${depot}: this depot cuts it off now, those below at their next poll`,
        `to bring it back: depot invite ${depot} --site SITE`,
      ]);
    });
}
