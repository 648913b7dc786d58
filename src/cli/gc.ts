import { Command } from 'commander';
import type { FileCount } from '../model/plan-status.js';
import type { GcResult } from '../model/upkeep-status.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import { goesOn, watch } from './watching.js';
import { plural, size } from './words.js';

export function gcCommand(program: Program): Command {
  return new Command('gc')
    .description('drop what no kept generation needs, as happens after each cycle')
    .option('--dry-run', 'say what would be dropped, and drop nothing')
    .action(async (options: { dryRun?: boolean }, command: Command) => {
      const request = requestOf(program, command);
      const api = await daemonOf(request);
      const dryRun = options.dryRun === true;
      const collecting = watch(request, {}, (work) => api.gc({ ...work, dryRun }));
      const result = await (dryRun ? collecting : collecting.catch(goesOn(request.terminal, 'the collection')));
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, resultLines(result));
    });
}

function* resultLines(result: GcResult): Generator<string> {
  const { dryRun, generations, objects, pages, strays, dropped, postponed } = result;
  const kinds: readonly (readonly [string, FileCount])[] = [
    ['object', objects],
    ['page', pages],
    ['stray file', strays],
  ];
  const parts = kinds
    .filter(([, { files }]) => files > 0)
    .map(([kind, { files, bytes }]) => `${plural(files, kind)} (${size(bytes)})`);
  if (generations.length > 0) parts.unshift(plural(generations.length, 'generation'));
  const all = parts.length === 0 ? 'nothing' : parts.join(', ');
  if (dryRun) yield `would drop ${all}`;
  else if (!postponed) yield `dropped ${all}`;
  else
    yield `dropped ${plural(dropped.files, 'file')}, ${size(dropped.bytes)}, of ${all}; some came into use meanwhile, and the rest waits for the next collection`;
}
