import { Command, Option } from 'commander';
import type { Role } from '../model/metadata.js';
import type { KeysChange } from '../model/trust-status.js';
import type { Keyboard } from './interview.js';
import { bring, passphraseOption, rootKeyOption, type BringOptions } from './key-files.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';

const online: readonly Role[] = ['targets', 'snapshot', 'timestamp'];

/** New keys in place of old ones; children follow at their next poll. */
export function rotateCommand(
  program: Program,
  keyboard: Keyboard = { input: process.stdin, output: process.stderr },
): Command {
  return new Command('rotate')
    .description('replace keys of a repository: those that sign by themselves, or the one that is named')
    .argument('<repository>')
    .addOption(new Option('--role <role>', 'only the key of this role').choices(['root', ...online]))
    .option(...rootKeyOption)
    .option(...passphraseOption)
    .action(async (repository: string, options: BringOptions & { role?: Role }, command: Command) => {
      const request = requestOf(program, command);
      const { terminal } = request;
      const { keys } = await daemonOf(request);
      const brought = await bring(keys, repository, options, keyboard, terminal.signal);
      const roles = options.role === undefined ? online : [options.role];
      const change = await keys.rotate(repository, roles, brought);
      if (request.json) return printJson(terminal, change);
      await printProse(terminal, rotated(change));
    });
}

function* rotated({ repository, roles, root, generation, rootKey }: KeysChange): Generator<string> {
  yield `${repository} has new keys for ${roles.join(', ')}: root ${root} says so`;
  const signed =
    generation === null ? 'what it says was signed again' : `generation ${generation} was signed with them`;
  yield `${signed}; children follow at their next polls, and what the old ones sign does not count there any more`;
  if (roles.includes('root') && rootKey === 'sealed') {
    yield `the new root key is here under the passphrase of the old one; to take it away: depot keys protect ${repository} --export FILE`;
  }
}
