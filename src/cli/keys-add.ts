import { Command } from 'commander';
import { DepotError } from '../model/errors.js';
import { seal } from '../trust/sealed.js';
import { makeSigningKey } from '../trust/signing-keys.js';
import { signatureCount } from './arguments.js';
import type { Keyboard } from './interview.js';
import {
  bring,
  passphraseOption,
  refuseExistingFile,
  removeKeyFile,
  rootKeyOption,
  writeKeyFile,
  type BringOptions,
} from './key-files.js';
import { newPassphrase } from './passphrase.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';

interface Options extends BringOptions {
  readonly threshold: number;
  readonly export: string;
  readonly newPassphraseFile?: string;
}

/** A further root key for another person: made here, sealed into a file, and in force when the command ends. */
export function addKeyCommand(
  program: Program,
  keyboard: Keyboard = { input: process.stdin, output: process.stderr },
): Command {
  return new Command('add')
    .description('add a root key, and say how many of them must sign from now on')
    .argument('<repository>')
    .requiredOption('--threshold <count>', 'how many root keys must sign the next root', signatureCount)
    .requiredOption('--export <file>', 'where the new key is written, under a passphrase')
    .option('--new-passphrase-file <file>', 'the passphrase of the new key (default: it is asked for)')
    .option(...rootKeyOption)
    .option(...passphraseOption)
    .action(async (repository: string, options: Options, command: Command) => {
      const request = requestOf(program, command);
      const { terminal } = request;
      const { threshold, export: file, newPassphraseFile } = options;
      const { keys } = await daemonOf(request);
      await refuseExistingFile(file);
      const brought = await bring(keys, repository, options, keyboard, terminal.signal);
      const what = `the further root key of ${repository}`;
      const passphrase = await newPassphrase(what, newPassphraseFile, keyboard, terminal.signal);
      const { key, pem } = makeSigningKey();
      // On disk before it is in force: with a threshold a lost key could mean that no root can ever be signed again.
      await writeKeyFile(file, await seal(pem, passphrase, key.id));
      const change = await keys.add(repository, pem, threshold, brought).catch(async (error: unknown) => {
        if (isRefusal(error)) await removeKeyFile(file);
        throw error;
      });
      if (request.json) return printJson(terminal, { ...change, keyId: key.id, threshold, file });
      await printProse(terminal, [
        `${repository} has a further root key, ${key.id.slice(0, 12)}, in ${file}; from now on ${threshold} must sign a root`,
        'give the file to another person, and take the other root key off this machine, too: depot keys protect',
      ]);
    });
}

/** A daemon that fell silent may have taken the key. */
function isRefusal(error: unknown): boolean {
  return error instanceof DepotError && error.code !== 'daemon-down' && error.code !== 'interrupted';
}
