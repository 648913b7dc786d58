import { Command } from 'commander';
import type { ListedEntry } from '../model/listing.js';
import type { HoldStatus } from '../model/status.js';
import { listHeld } from '../serve/listing.js';
import { holdStatuses } from '../serve/queries.js';
import { askOrRead, daemonOf } from './reach.js';
import { printJson, printLines, printProse, requestOf, type Program, type Request } from './request.js';
import type { Terminal } from './terminal.js';
import { watch } from './watching.js';
import { ago, plural, safe, size } from './words.js';

export function holdsCommand(program: Program): Command {
  return new Command('holds')
    .description('deletions and heads that wait for approval')
    .argument('[id]', 'the files of this one')
    .action(async (id: string | undefined, _options: object, command: Command) => {
      const request = requestOf(program, command);
      await (id === undefined ? listHolds(request) : listFiles(request, id));
    });
}

export function approveCommand(program: Program): Command {
  return new Command('approve')
    .description('let go of what is held: see depot holds')
    .argument('<id...>', 'of holds, or a repository for all of its holds')
    .action(async (words: string[], _options: object, command: Command) => {
      const request = requestOf(program, command);
      const api = await daemonOf(request);
      const all = await api.holds();
      const ids = new Set(words.flatMap((word) => idsOf(word, all)));
      const holds: HoldStatus[] = [];
      for (const id of ids) {
        const { hold } = await api.approve(id);
        holds.push(hold);
        if (!request.json) await printProse(request.terminal, [`approved: ${whatIsHeld(hold)} in ${hold.repository}`]);
      }
      if (request.json) return printJson(request.terminal, { holds });
      await printProse(request.terminal, ['see it done: depot status']);
    });
}

/** Of the hold with that id, or of all holds of the repository with that name; otherwise the daemon is to say what is wrong. */
function idsOf(word: string, holds: readonly HoldStatus[]): string[] {
  const ofRepository = holds.filter(({ id, repository }) => id !== word && repository === word);
  return holds.some(({ id }) => id === word) || ofRepository.length === 0 ? [word] : ofRepository.map(({ id }) => id);
}

async function listHolds(request: Request): Promise<void> {
  const { terminal, json } = request;
  const holds = await askOrRead(
    request,
    (api) => api.holds(),
    ({ store }) => holdStatuses(store),
  );
  if (json) return printJson(terminal, { holds });
  if (holds.length === 0) return printLines(terminal, ['nothing is held']);
  await printProse(
    terminal,
    holds.flatMap((hold) => [...holdLines(hold, terminal)]),
  );
}

function* holdLines(hold: HoldStatus, { colours, now }: Terminal): Generator<string> {
  yield `${colours.bold(hold.id)}  ${hold.repository}: ${whatIsHeld(hold)}, ${ago(hold.since, now())}`;
  yield `  ${safe(hold.reason)}`;
  if (hold.kind === 'deletions') yield `  which files: depot holds ${hold.id}`;
  yield `  let it go:   depot approve ${hold.id}`;
}

function whatIsHeld({ kind, files, bytes, generation }: HoldStatus): string {
  if (kind === 'head') return `the new line of generations that begins with ${generation}`;
  return `the deletion of ${plural(files, 'file')} (${size(bytes)}) by generation ${generation}`;
}

async function listFiles(request: Request, id: string): Promise<void> {
  const { terminal, json } = request;
  const kept: ListedEntry[] = [];
  let hasPrinted = false;
  const onEntries = async (entries: readonly ListedEntry[]): Promise<void> => {
    if (json) return void kept.push(...entries);
    hasPrinted = true;
    await printLines(
      terminal,
      entries.map(({ path, bytes }) => `${size(bytes).padStart(8)}  ${safe(path)}`),
    );
  };
  const hold = await askOrRead(
    request,
    (api) => watch(request, { onEntries }, (work) => api.held(id, work)),
    ({ store }, why) => {
      if (hasPrinted) throw why;
      return listHeld(store, id, onEntries);
    },
  );
  if (json) return printJson(terminal, { hold, entries: kept });
  if (!hasPrinted) await printLines(terminal, [`${hold.id} holds no files: ${whatIsHeld(hold)}`]);
}
