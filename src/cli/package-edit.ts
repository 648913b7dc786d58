import { Command, Option } from 'commander';
import { DepotError } from '../model/errors.js';
import type { PackageResult } from '../model/package-status.js';
import { priorities, type Priority } from '../model/priority.js';
import type { PackageFactsInput } from '../serve/packages-api.js';
import { keptDays, keptReleases } from './arguments.js';
import { asText, packageName } from './package-name.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program, type Request } from './request.js';

interface FactOptions {
  readonly type?: string;
  readonly title?: string;
  readonly vendor?: string;
  readonly version?: string;
  readonly keepReleases?: number;
  readonly keepDays?: number;
  readonly priority?: Priority;
}

export function createCommand(program: Program): Command {
  const command = new Command('create')
    .description('a new package, with an empty work copy')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .requiredOption('--type <type>', 'app, msi, os, script, book, or one of the settings');
  return factOptions(command).action(async (text: string, options: FactOptions, _command: Command) => {
    const request = requestOf(program, _command);
    const of = packageName(text);
    const { packages } = await daemonOf(request);
    const result = await packages.create(of, factsOf(options));
    await tell(request, result, [
      `${asText(of)} was created; its work copy is ${result.package.work}`,
      `put its files there, then: depot package publish ${asText(of)} --to SITE`,
    ]);
  });
}

export function editCommand(program: Program): Command {
  const command = new Command('edit')
    .description('what is said of a package; its revisions stay as they are')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .option('--type <type>', 'app, msi, os, script, book, or one of the settings');
  return factOptions(command)
    .option('--keep-releases <number>', 'released revisions in the installation copies', keptReleases)
    .option('--keep-days <number>', 'days for which older revisions can be fetched', keptDays)
    .action(async (text: string, options: FactOptions, _command: Command) => {
      const request = requestOf(program, _command);
      const of = packageName(text);
      const { packages } = await daemonOf(request);
      const before = (await packages.show(of)).keep;
      const { keepReleases = before.releases, keepDays = before.days } = options;
      const isKeepNew = keepReleases !== before.releases || keepDays !== before.days;
      const keep = isKeepNew ? { releases: keepReleases, days: keepDays } : null;
      const facts = { ...factsOf(options), keep };
      if (Object.values(facts).every((value) => value === null)) {
        throw new DepotError('bad-request', 'nothing was said that is not so already', {
          hint: '--title, --vendor, --version, --type, --priority, --keep-releases, --keep-days',
          retry: 'never',
        });
      }
      await tell(request, await packages.edit(of, facts), [`${asText(of)} was changed`]);
    });
}

export function deleteCommand(program: Program): Command {
  return new Command('delete')
    .description('take a package away everywhere; only its numbers are remembered, and its work copy stays')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .action(async (text: string, _options: object, command: Command) => {
      const request = requestOf(program, command);
      const of = packageName(text);
      const { packages } = await daemonOf(request);
      const result = await packages.remove(of);
      await tell(request, result, [
        `${asText(of)} is gone at this depot, and at those below with their next polls`,
        `its work copy is still there: ${result.package.work}`,
      ]);
    });
}

function factOptions(command: Command): Command {
  return command
    .option('--title <text>', 'as people know it')
    .option('--vendor <text>', 'who makes it')
    .option('--version <text>', 'the version of what is in the work copy')
    .addOption(
      new Option('--priority <which>', 'where it comes among the packages that depots fetch').choices(priorities),
    );
}

function factsOf({ type = '', title = '', vendor = '', version = '', priority }: FactOptions): PackageFactsInput {
  const given = (value: string): string | null => (value === '' ? null : value);
  return {
    type: given(type),
    title: given(title),
    vendor: given(vendor),
    version: given(version),
    keep: null,
    priority: priority ?? null,
  };
}

export async function tell(request: Request, result: PackageResult, lines: readonly string[]): Promise<void> {
  if (request.json) return printJson(request.terminal, result);
  await printProse(request.terminal, lines);
}
