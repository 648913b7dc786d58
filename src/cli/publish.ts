import { Command } from 'commander';
import type { PublishResult } from '../model/publish-status.js';
import { heldBackLines } from './attention.js';
import { exitCodes } from './exit-codes.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import type { Terminal } from './terminal.js';
import { goesOn, watch } from './watching.js';
import { changes, plural, safe, size } from './words.js';

interface Options {
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly acceptSource?: boolean;
}

export function publishCommand(program: Program): Command {
  return new Command('publish')
    .description('look through a source now, and publish what has changed')
    .argument('<repository>')
    .option('--wait', 'wait for the end, and say what was published and what was held back')
    .option('--dry-run', 'say what would be published, and publish nothing')
    .option('--accept-source', 'take the source as it is, although it is empty or on another disk than before')
    .action(async (repository: string, options: Options, command: Command) => {
      const request = requestOf(program, command);
      const { terminal, json } = request;
      const how = {
        wait: options.wait === true,
        dryRun: options.dryRun === true,
        acceptSource: options.acceptSource === true,
      };
      const api = await daemonOf(request);
      const publishing = watch(request, {}, (work) => api.publish(repository, { ...work, ...how }));
      const result = await (how.dryRun ? publishing : publishing.catch(goesOn(terminal, 'the scan')));
      if (result === null) {
        if (json) return printJson(terminal, { repository, started: true });
        return printProse(terminal, [`${repository}: the source is looked through; what comes of it: depot status`]);
      }
      if (json) await printJson(terminal, result);
      else await printProse(terminal, resultLines(result, terminal.colours));
      program.endWith(exitOf(result));
    });
}

function exitOf({ refused, heldBackCount }: PublishResult): number {
  if (refused !== null) return exitCodes.sourceRefused.code;
  return heldBackCount > 0 ? exitCodes.heldBack.code : exitCodes.ok.code;
}

function* resultLines(result: PublishResult, colours: Terminal['colours']): Generator<string> {
  const { repository, dryRun, generation, published, refused, changing } = result;
  if (refused !== null) {
    yield `${repository}: ${colours.red(dryRun ? 'nothing would be published' : 'nothing was published')}: ${safe(refused)}`;
    return;
  }
  const { add, replace, delete: remove } = result;
  const change = `${changes(add.files, replace.files, remove.files)}${sizeOf(add.bytes + replace.bytes)}`;
  const isSame = add.files + replace.files + remove.files === 0;
  if (published) yield `${repository}: ${colours.green(`published generation ${generation}`)}: ${change}`;
  else if (dryRun && !isSame) yield `${repository}: would publish ${change}`;
  else yield `${repository}: nothing has changed${generation === null ? '' : ` since generation ${generation}`}`;
  if (changing.length > 0) {
    yield `${colours.yellow('!')} ${repository}: ${plural(changing.length, 'file')} changed while being read, and will be taken at the next scan`;
    for (const path of changing.slice(0, 10)) yield `  ${safe(path)}`;
    if (changing.length > 10) yield `  and ${changing.length - 10} more`;
  }
  yield* heldBackLines(repository, result.heldBack, result.heldBackCount, colours);
}

function sizeOf(newBytes: number): string {
  return newBytes === 0 ? '' : ` (${size(newBytes)})`;
}
