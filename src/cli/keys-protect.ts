import { Command } from 'commander';
import { sha256 } from '../model/sha256.js';
import type { Keyboard } from './interview.js';
import { refuseExistingFile, rootKeyOf, writeKeyFile } from './key-files.js';
import { newPassphrase } from './passphrase.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';

interface Options {
  readonly passphraseFile?: string;
  readonly export?: string;
}

/** The root key under a passphrase; with `--export` in a file, and no longer on the machine. */
export function protectCommand(
  program: Program,
  keyboard: Keyboard = { input: process.stdin, output: process.stderr },
): Command {
  return new Command('protect')
    .description('put the root key of a repository under a passphrase, or take it off this machine')
    .argument('<repository>')
    .option('--passphrase-file <file>', 'read the passphrase from this file (default: it is asked for)')
    .option('--export <file>', 'write the sealed key to this file, and remove it from the depot')
    .action(async (repository: string, options: Options, command: Command) => {
      const request = requestOf(program, command);
      const { terminal } = request;
      const { keys } = await daemonOf(request);
      if (options.export !== undefined) await refuseExistingFile(options.export);
      const isOpen = (await rootKeyOf(keys, repository)) === 'here';
      const passphrase = isOpen
        ? await newPassphrase(`the root key of ${repository}`, options.passphraseFile, keyboard, terminal.signal)
        : null;
      const { keyId, sealed } = await keys.protect(repository, passphrase);
      if (options.export !== undefined) {
        // Only what is durably elsewhere is removed.
        await writeKeyFile(options.export, sealed);
        await keys.forget(repository, sha256(sealed));
      }
      const where = options.export === undefined ? 'sealed' : 'elsewhere';
      if (request.json) return printJson(terminal, { repository, keyId, where, file: options.export ?? null });
      await printProse(terminal, [
        where === 'sealed'
          ? `the root key of ${repository} is under ${isOpen ? 'the passphrase' : 'a passphrase already'}`
          : `the root key of ${repository} is in ${options.export ?? ''} now, under its passphrase, and no longer at this depot`,
        'whoever loses it, or the passphrase, cannot change keys any more; publishing goes on without it',
      ]);
    });
}
