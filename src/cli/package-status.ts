import { Command } from 'commander';
import type { DepotReadiness, PackageReadiness } from '../model/package-status.js';
import { columns } from './columns.js';
import { scheduledLine } from './package-list.js';
import { asText, packageName } from './package-name.js';
import { daemonOf } from './reach.js';
import { printJson, printLines, requestOf, type Program } from './request.js';
import { ago } from './words.js';

export function readinessCommand(program: Program): Command {
  return new Command('status')
    .description('where the revisions of a package are ready, here and as the depots below reported')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .action(async (text: string, _options: object, command: Command) => {
      const request = requestOf(program, command);
      const { terminal, json } = request;
      const { packages } = await daemonOf(request);
      const result = await packages.readiness(packageName(text));
      if (json) return printJson(terminal, result);
      await printLines(terminal, [...readinessLines(result, terminal.now(), terminal.colours.dim)]);
    });
}

function* readinessLines(
  { package: shown, depots }: PackageReadiness,
  now: number,
  dim: (text: string) => string,
): Generator<string> {
  const targeted = depots.filter((each) => each.targeted);
  if (shown.targets === null)
    yield `${asText(shown)} is not distributed: depot package distribute ${asText(shown)} --to SITE`;
  else if (targeted.length === 0) yield `${asText(shown)}: no depot at its sites has reported yet`;
  else
    yield* columns(
      heads,
      targeted.map((each) => rowOf(each, now)),
      dim,
    ).lines;
  const newest = shown.revisions.findLast(({ state }) => state === 'distributed' || state === 'released');
  if (newest !== undefined && targeted.length > 0) {
    const ready = targeted.filter((each) => each.ready.includes(newest.revision)).length;
    yield `revision ${newest.revision} is ready at ${ready} of ${targeted.length} depots`;
  }
  const last = shown.releases.findLast(({ scheduled }) => !scheduled);
  if (last?.urgent === true)
    yield `revision ${last.revision} was released urgently: depots fetch what they lack of it before all else`;
  for (const release of shown.releases.filter(({ scheduled }) => scheduled)) yield scheduledLine(release);
}

const heads = ['DEPOT', 'SITE', 'CLIENTS GET', 'READY', 'ON THE WAY', 'REPORTED'].map((head) => ({ head }));

function rowOf({ depot, site, current, ready, missing, reportedAt }: DepotReadiness, now: number): string[] {
  return [
    depot,
    site,
    current === null ? '-' : String(current),
    ready.join(', ') || '-',
    missing.join(', ') || '-',
    reportedAt === null ? 'never' : ago(reportedAt, now),
  ];
}
