import { Command } from 'commander';
import { directoryName } from '../model/company.js';
import type { KeysStatus } from '../model/trust-status.js';
import { columns } from './columns.js';
import { addKeyCommand } from './keys-add.js';
import { protectCommand } from './keys-protect.js';
import { rotateCommand } from './keys-rotate.js';
import { askOrRead } from './reach.js';
import { printJson, printLines, requestOf, type Program } from './request.js';
import { localTime } from './words.js';

export function keysCommand(program: Program): Command {
  return new Command('keys')
    .description('the keys that sign what is published here, and where they are')
    .action(async (_options: object, command: Command) => {
      const request = requestOf(program, command);
      const { keysStatus } = await import('../serve/keys.js');
      const status = await askOrRead(
        request,
        (api) => api.keys.list(),
        ({ store, facts }) =>
          keysStatus(
            store,
            facts.published.map(({ name }) => name),
          ),
      );
      if (request.json) return printJson(request.terminal, status);
      await printLines(request.terminal, lines(status, request.terminal.colours.dim));
    })
    .addCommand(protectCommand(program))
    .addCommand(rotateCommand(program))
    .addCommand(addKeyCommand(program))
    .addHelpText('after', `\n${directoryName} is the company's directory, at the depot that holds it.`);
}

function lines({ keys }: KeysStatus, dim: (text: string) => string): string[] {
  if (keys.length === 0) return ['no keys here: nothing was published at this depot yet'];
  const heads = ['REPOSITORY', 'ROLE', 'KEY', 'WHERE', 'NEEDED', 'EXPIRES'].map((head) => ({ head }));
  const rows = keys.map(({ repository, role, keyId, where, threshold, expiresAt }) => [
    repository,
    role,
    keyId.slice(0, 12),
    where,
    String(threshold),
    expiresAt === null ? '-' : localTime(expiresAt),
  ]);
  return columns(heads, rows, dim).lines;
}
