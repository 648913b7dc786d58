import { Command } from 'commander';
import type { ListedEntry, Listing } from '../model/listing.js';
import { requireRepository } from '../serve/queries.js';
import { listPath } from '../serve/listing.js';
import { selectionOf } from '../serve/status-facts.js';
import { repositoryNames } from '../serve/status.js';
import { generationNumber } from './arguments.js';
import { askOrRead } from './reach.js';
import { printJson, printLines, requestOf, type Program } from './request.js';
import type { Terminal } from './terminal.js';
import { watch } from './watching.js';
import { localTime, plural, safe, size } from './words.js';

interface Options {
  readonly long?: boolean;
  readonly generation?: number;
}

export function lsCommand(program: Program): Command {
  return new Command('ls')
    .description('the files of a repository, as this depot has them')
    .argument('<repository>')
    .argument('[path]', 'a folder or file in it', '')
    .option('-l, --long', 'with sizes and times')
    .option('--generation <number>', 'an older state, as far as it is kept', generationNumber)
    .action(async (repository: string, path: string, options: Options, command: Command) => {
      const request = requestOf(program, command);
      const { terminal, json } = request;
      const kept: ListedEntry[] = [];
      let hasPrinted = false;
      const onEntries = async (entries: readonly ListedEntry[]): Promise<void> => {
        if (json) return void kept.push(...entries);
        hasPrinted = true;
        await printLines(
          terminal,
          entries.map((entry) => entryLine(entry, options.long === true, terminal.colours)),
        );
      };
      const generation = options.generation ?? null;
      const listing: Listing = await askOrRead(
        request,
        (api) => watch(request, { onEntries }, (work) => api.ls(repository, path, { ...work, generation })),
        ({ store, facts }, why) => {
          if (hasPrinted) throw why;
          requireRepository(repository, repositoryNames(store, facts, null));
          return listPath(store, repository, path, generation, selectionOf(facts, repository), onEntries);
        },
      );
      if (json) await printJson(terminal, { ...listing, entries: kept });
    });
}

function entryLine(entry: ListedEntry, isLong: boolean, colours: Terminal['colours']): string {
  const name = nameOf(entry, colours);
  if (!isLong) return name;
  const middle =
    entry.type === 'folder'
      ? plural(entry.files, 'file')
      : entry.modifiedAt === null
        ? ''
        : localTime(entry.modifiedAt);
  const amount = entry.type === 'link' ? '' : size(entry.bytes);
  const target = entry.target === null ? '' : ` -> ${safe(entry.target)}`;
  return `${amount.padStart(8)}  ${middle.padEnd(16)}  ${name}${target}`;
}

/** The last part of the path, marked as `ls -F` does: `/` a folder, `*` executable, `@` a link. */
function nameOf({ path, type, executable, selected }: ListedEntry, colours: Terminal['colours']): string {
  const name = safe(path.slice(path.lastIndexOf('/') + 1));
  if (!selected) return colours.dim(`${name}  (not followed here)`);
  if (type === 'folder') return `${colours.blue(name)}/`;
  if (type === 'link') return `${colours.cyan(name)}@`;
  return executable ? `${colours.green(name)}*` : name;
}
