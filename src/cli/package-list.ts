import { Command } from 'commander';
import type { PackageStatus, ReleaseStatus } from '../model/package-status.js';
import { columns } from './columns.js';
import { asText, packageName } from './package-name.js';
import { daemonOf } from './reach.js';
import { printJson, printLines, requestOf, type Program } from './request.js';
import { localTime, plural, safe, size } from './words.js';

export function listCommand(program: Program): Command {
  return new Command('list')
    .description('the packages of a repository, at any depot that has it')
    .argument('<repository>')
    .action(async (repository: string, _options: object, command: Command) => {
      const request = requestOf(program, command);
      const { packages } = await daemonOf(request);
      const result = await packages.list(repository);
      if (request.json) return printJson(request.terminal, result);
      await printLines(request.terminal, listLines(repository, result, request.terminal.colours.dim));
    });
}

export function showCommand(program: Program): Command {
  return new Command('show')
    .description('a package, its revisions and releases, at any depot that has it')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .action(async (text: string, _options: object, command: Command) => {
      const request = requestOf(program, command);
      const { packages } = await daemonOf(request);
      const result = await packages.show(packageName(text));
      if (request.json) return printJson(request.terminal, result);
      await printLines(request.terminal, [...showLines(result, request.terminal.colours.dim)]);
    });
}

function listLines(
  repository: string,
  packages: readonly PackageStatus[],
  dim: (text: string) => string,
): readonly string[] {
  if (packages.length === 0)
    return [`no packages yet; at the master depot: depot package create ${repository}/PACKAGE --type app`];
  const rows = packages.map(({ name, type, revisions, targets, title }) => [
    name,
    type,
    numbers(revisions, 'released') || '-',
    String(revisions.filter(({ state }) => state !== 'revoked').at(-1)?.revision ?? '-'),
    targets === null ? '-' : plural(targets.to.length, 'site'),
    safe(title),
  ]);
  const heads = ['PACKAGE', 'TYPE', 'RELEASED', 'NEWEST', 'TO', 'TITLE'].map((head) => ({ head }));
  return columns(heads, rows, dim).lines;
}

function numbers(revisions: PackageStatus['revisions'], wanted: string): string {
  return revisions.flatMap(({ revision, state }) => (state === wanted ? [revision] : [])).join(', ');
}

function* showLines(shown: PackageStatus, dim: (text: string) => string): Generator<string> {
  const { title, vendor, version, type, compress, delta, keep, priority, targets, work, revisions, releases } = shown;
  const fact = (what: string, said: string): string => `${what.padEnd(9)}  ${safe(said)}`;
  yield `${asText(shown)}: ${safe([title, version, vendor].filter((each) => each !== null).join(', '))}`;
  yield fact(
    'type',
    `${type}, ${compress ? 'travels compressed and as deltas' : delta ? 'travels as it is or as a delta' : 'travels as it is'}`,
  );
  yield fact('to', targets === null ? 'not distributed yet' : targets.to.join(' '));
  if (targets !== null && targets.except.length > 0) yield fact('except', targets.except.join(' '));
  yield fact('keeps', `${plural(keep.releases, 'release')}, older ones for ${plural(keep.days, 'day')}`);
  if (priority !== 'normal') yield fact('priority', priority);
  if (work !== null) yield fact('work copy', work);
  if (revisions.length === 0) {
    yield `no revisions yet: depot package prepare ${asText(shown)}`;
    return;
  }
  const rows = revisions.map((each) => [
    String(each.revision),
    each.state,
    each.state === 'revoked' || each.state === 'retired' ? '' : size(each.bytes),
    localTime(each.preparedAt),
    safe([each.version, each.note].filter((text) => text !== null).join(': ')),
  ]);
  const heads = ['REVISION', 'STATE', 'SIZE', 'PREPARED', 'NOTE'].map((head) => ({ head }));
  yield* columns(heads, rows, dim).lines;
  for (const release of releases.filter(({ scheduled }) => scheduled)) yield scheduledLine(release);
}

export function scheduledLine({ revision, at, ring, urgent }: ReleaseStatus): string {
  const where = ring === null ? '' : ` in the ring ${ring.name}`;
  return `revision ${revision} will be released${urgent ? ' urgently' : ''}${where} at ${localTime(at)} (${at})`;
}
