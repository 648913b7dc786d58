import { Command } from 'commander';
import { DepotError } from '../model/errors.js';
import type { ReloadResult } from '../model/status.js';
import { exitCodeOf } from './exit-codes.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import { safe } from './words.js';

export function reloadCommand(program: Program): Command {
  return new Command('reload')
    .description('have the daemon read its configuration again')
    .action(async (_options: object, command: Command) => {
      const request = requestOf(program, command);
      const result = await (await daemonOf(request)).reload().catch(explain);
      if (result.certificate !== null) program.endWith(exitCodeOf(result.certificate.code));
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, resultLines(result));
    });
}

/** The command looks for the daemon where the file says that its data is now. */
function explain(error: unknown): never {
  if (!(error instanceof DepotError) || error.code !== 'daemon-down') throw error;
  const hint = `${error.hint ?? ''}; where \`data:\` was changed, it runs on in the old directory until it is restarted`;
  throw new DepotError('daemon-down', error.message, { hint, cause: error });
}

function* resultLines({ changed, needsRestart, signed, certificate }: ReloadResult): Generator<string> {
  if (changed.length + needsRestart.length === 0 && certificate === null) yield 'nothing has changed';
  const [ofSites, here] = [changed.filter(isOfSites), changed.filter((key) => !isOfSites(key))];
  if (here.length > 0) yield `in force now: ${here.join(', ')}`;
  if (signed !== undefined) {
    const what = ofSites.length === 0 ? 'the settings of sites' : ofSites.join(', ');
    yield `signed in generation ${signed} of the directory, for depots to take over, one level a poll: ${what}`;
  } else if (ofSites.length > 0) {
    yield `not signed, as there is no directory here before depot ca init: ${ofSites.join(', ')}`;
  }
  if (needsRestart.length > 0) yield `in force after a restart (systemctl restart depotd): ${needsRestart.join(', ')}`;
  if (certificate === null) return;
  yield `the certificate was not taken up, the one before stays in use: ${safe(certificate.message)}`;
  if (certificate.hint !== null) yield `  ${safe(certificate.hint)}`;
}

function isOfSites(key: string): boolean {
  return key === 'sites' || key.startsWith('sites.');
}
