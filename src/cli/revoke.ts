import { Command } from 'commander';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import { plural } from './words.js';

export function revokeCommand(program: Program): Command {
  return new Command('revoke')
    .description('at the depot that holds the directory: accept no certificate of a depot any more, one level a poll')
    .argument('<depot>')
    .option('--serial <serial>', "only this certificate; needed where the company's own PKI issues them")
    .action(async (depot: string, options: { serial?: string }, command: Command) => {
      const request = requestOf(program, command);
      const api = await daemonOf(request);
      const result = await api.trust.revoke(depot, serialFrom(options.serial));
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, [
        `revoked ${plural(result.certificates, 'certificate')} of ${depot}: this depot cuts it off now, those below at their next poll`,
        options.serial === undefined
          ? `to bring it back: depot invite ${depot} --site SITE`
          : 'another certificate of it is accepted on',
      ]);
    });
}

/** As `openssl x509 -serial` prints it, or with colons, as certificates are shown elsewhere. */
function serialFrom(text: string | undefined): string | undefined {
  return text
    ?.replace(/^serial=/i, '')
    .replaceAll(':', '')
    .toLowerCase()
    .replace(/^(?:00)+(?=.)/, '');
}
