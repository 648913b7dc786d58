import { Command } from 'commander';
import type { HistoryRow } from '../model/cycle-status.js';
import { historyRows, requireRepository } from '../serve/queries.js';
import { repositoryNames } from '../serve/status.js';
import { rowLimit } from './arguments.js';
import { columns } from './columns.js';
import { askOrRead } from './reach.js';
import { printJson, printLines, requestOf, type Program } from './request.js';
import type { Terminal } from './terminal.js';
import { count, localTime, safe, size, span } from './words.js';

export function historyCommand(program: Program): Command {
  return new Command('history')
    .description('what was published and taken over here, newest first')
    .argument('[repository]', 'only this one')
    .option('-n, --limit <rows>', 'how many', rowLimit, 20)
    .action(async (repository: string | undefined, { limit }: { limit: number }, command: Command) => {
      const request = requestOf(program, command);
      const { terminal, json } = request;
      const history = await askOrRead(
        request,
        (api) => api.history(repository ?? null, { limit }),
        ({ store, facts }) => {
          const names = repositoryNames(store, facts, null);
          if (repository !== undefined) requireRepository(repository, names);
          const published = facts.published.map(({ name }) => name);
          return historyRows(store, repository === undefined ? names : [repository], published, limit);
        },
      );
      if (json) return printJson(terminal, { history });
      if (history.length === 0) return printLines(terminal, ['nothing has happened yet']);
      await printLines(terminal, historyLines(history, terminal.colours));
    });
}

function historyLines(history: readonly HistoryRow[], colours: Terminal['colours']): string[] {
  const heads = [
    { head: 'TIME' },
    { head: 'REPOSITORY' },
    { head: 'GENERATION', align: 'right' },
    { head: 'FETCHED', align: 'right' },
    { head: 'TOOK', align: 'right' },
    { head: 'WHAT' },
  ] as const;
  const rows = history.map((row) => [
    localTime(row.endedAt),
    row.repository,
    generationWords(row),
    row.fetched === null ? '' : `${size(row.fetched.bytes)} of files`,
    row.fetched === null ? '' : span(Date.parse(row.endedAt) - Date.parse(row.startedAt)),
    what(row, colours),
  ]);
  return columns(heads, rows, colours.dim).lines;
}

function generationWords({ fromGeneration: from, toGeneration: to }: HistoryRow): string {
  if (to === null) return '-';
  return from === null || from === to ? String(to) : `${from} -> ${to}`;
}

function what(
  { outcome, added, replaced, deleted, total, error }: HistoryRow,
  { green, yellow, red }: Terminal['colours'],
): string {
  if (error !== null) return red(`${outcome}: ${safe(error.message)}`);
  if (outcome === 'published')
    return `published${total === null ? '' : ` ${count(total.files)} files, ${size(total.bytes)}`}`;
  const change = `+${count(added ?? 0)} ~${count(replaced ?? 0)} -${count(deleted ?? 0)} files`;
  // Content makes way for the next poll, and whatever else waits; a cycle that was cut has an error.
  const said = outcome === 'interrupted' ? 'made way, and goes on' : outcome;
  return `${outcome === 'applied' ? green(said) : yellow(said)} ${change}`;
}
