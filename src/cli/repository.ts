import { Command } from 'commander';
import type { RepositoriesStatus } from '../model/trust-status.js';
import { columns } from './columns.js';
import { daemonOf } from './reach.js';
import { keepCommand, moveCommand, takeOverCommand } from './repository-move.js';
import { printJson, printLines, printProse, requestOf, type Program } from './request.js';
import { ago } from './words.js';

export function repositoryCommand(program: Program): Command {
  return new Command('repository')
    .description("the repositories of the company's directory")
    .addCommand(listCommand(program))
    .addCommand(enrollCommand(program))
    .addCommand(approveCommand(program))
    .addCommand(takeOverCommand(program))
    .addCommand(moveCommand(program))
    .addCommand(keepCommand(program));
}

function enrollCommand(program: Program): Command {
  return new Command('enroll')
    .description("at its master depot: ask for a repository to be put into the company's directory")
    .argument('<repository>')
    .action(async (repository: string, _options: object, command: Command) => {
      const request = requestOf(program, command);
      const api = await daemonOf(request);
      const result = await api.trust.enroll(repository);
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, [
        result.state === 'enrolled'
          ? `${repository} is in the company's directory; depots in its scope learn of it at their next polls`
          : `${repository} waits for a person: at the depot that holds the directory, depot repository approve ${repository}`,
      ]);
    });
}

function approveCommand(program: Program): Command {
  return new Command('approve')
    .description('at the depot that holds the directory: let in a repository that waits for a person')
    .argument('<repository>')
    .action(async (repository: string, _options: object, command: Command) => {
      const request = requestOf(program, command);
      const api = await daemonOf(request);
      const result = await api.trust.approve(repository);
      if (request.json) return printJson(request.terminal, result);
      await printProse(request.terminal, [`${repository} is in the company's directory`]);
    });
}

function listCommand(program: Program): Command {
  return new Command('list')
    .description('those that concern this depot, and those that wait for a person')
    .action(async (_options: object, command: Command) => {
      const request = requestOf(program, command);
      const { terminal } = request;
      const api = await daemonOf(request);
      const result = await api.trust.repositories();
      if (request.json) return printJson(terminal, result);
      await printLines(terminal, [...listLines(result, terminal.now(), terminal.colours.dim)]);
    });
}

function* listLines(
  { enrolled, waiting }: RepositoriesStatus,
  now: number,
  dim: (text: string) => string,
): Generator<string> {
  if (enrolled === null) {
    yield 'this depot has no directory: it has not joined, or not polled since';
    return;
  }
  const heads = [{ head: 'REPOSITORY' }, { head: 'KIND' }, { head: 'MASTER' }, { head: 'CONTEXT' }];
  const rows = enrolled.map(({ name, kind, master, context }) => [name, kind, master, context]);
  yield* rows.length === 0 ? ['no repositories yet'] : columns(heads, rows, dim).lines;
  for (const { name, master, context, at } of waiting ?? []) {
    yield `${name} of ${master} for ${context} waits since ${ago(at, now)}: depot repository approve ${name}`;
  }
}
