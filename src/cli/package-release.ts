import { Command } from 'commander';
import { DepotError } from '../model/errors.js';
import { isWithin } from '../model/names.js';
import type { PackageStatus } from '../model/package-status.js';
import type { ControlApi } from '../serve/control-api.js';
import { moment, revisionNumber } from './arguments.js';
import { tell } from './package-edit.js';
import { scheduledLine } from './package-list.js';
import { asText, packageName } from './package-name.js';
import { daemonOf } from './reach.js';
import { requestOf, type Program } from './request.js';

export function distributeCommand(program: Program): Command {
  return new Command('distribute')
    .description('bring the prepared revision to its sites, where clients do not see it yet; or change the sites')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .option('--to <site...>', 'the sites that get it, with all below (default: as before)')
    .option('--except <site...>', 'but not these, with all below; the longer name decides')
    .action(async (text: string, { to = [], except = [] }: { to?: string[]; except?: string[] }, command: Command) => {
      const request = requestOf(program, command);
      const of = packageName(text);
      const api = await daemonOf(request);
      const result = await api.packages.distribute(of, to, except);
      const unheard = request.json ? [] : unheardLines([...to, ...except], await sitesHeardOf(api));
      await tell(request, result, [
        distributedLine(result.package),
        ...unheard,
        `see where it is ready: depot package status ${asText(of)}; then: depot package release ${asText(of)}`,
      ]);
    });
}

interface ReleaseOptions {
  readonly revision?: number;
  readonly ring?: string;
  readonly at?: string;
  readonly cancel?: boolean;
  readonly urgent?: boolean;
}

export function releaseCommand(program: Program): Command {
  return new Command('release')
    .description('make a revision the one that clients get; an older one is a way back')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .option('--revision <number>', 'which (default: the newest)', revisionNumber)
    .option('--ring <name>', 'only to the depots in this ring of the settings')
    .option('--at <time>', 'everywhere at this time: 2026-12-01T06:00+01:00, 2026-12-01T06:00[Europe/Berlin]', moment)
    .option(
      '--urgent',
      'what depots lack of it travels before all else, and outside of the windows of those that allow it (network.urgent)',
    )
    .option('--cancel', 'take back what waits for its time')
    .action(async (text: string, options: ReleaseOptions, command: Command) => {
      const request = requestOf(program, command);
      const of = packageName(text);
      const { revision = null, ring = null, at = null, cancel = false, urgent = false } = options;
      if (cancel && (revision !== null || ring !== null || at !== null || urgent)) {
        throw new DepotError('bad-request', '--cancel stands alone', { retry: 'never' });
      }
      const { packages } = await daemonOf(request);
      if (cancel) {
        const result = await packages.cancelRelease(of);
        return tell(request, result, [
          `${asText(of)}: no release waits any more; depots hear of it at their next polls`,
        ]);
      }
      const result = await packages.release(of, { revision, ring, at, urgent });
      await tell(request, result, [releasedLine(result.package)]);
    });
}

export function revokeCommand(program: Program): Command {
  return new Command('revoke')
    .description('take back the last revision, which was never released')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .action(async (text: string, _options: object, command: Command) => {
      const request = requestOf(program, command);
      const of = packageName(text);
      const { packages } = await daemonOf(request);
      const result = await packages.revoke(of);
      const last = result.package.revisions.findLast(({ state }) => state === 'revoked');
      await tell(request, result, [
        `${asText(of)}: revision ${last?.revision ?? ''} is taken back; its number is not used again`,
      ]);
    });
}

export function retireCommand(program: Program): Command {
  return new Command('retire')
    .description('take a released package, or one of its superseded revisions, from all clients')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .option('--revision <number>', 'only this one, which another one superseded', revisionNumber)
    .action(async (text: string, { revision = null }: { revision?: number | null }, command: Command) => {
      const request = requestOf(program, command);
      const of = packageName(text);
      const { packages } = await daemonOf(request);
      const result = await packages.retire(of, revision);
      await tell(request, result, [
        `${asText(of)}: ${revision === null ? 'clients get none of it any more' : `revision ${revision} is gone`}, at other depots with their next polls`,
      ]);
    });
}

/** This depot's own, and those of all depots below that ever reported. */
export async function sitesHeardOf(api: ControlApi): Promise<string[]> {
  const { site, below } = await api.status({ tree: true });
  return [site, ...(below ?? []).map((row) => row.site)];
}

/** A site may be named before its depots are there; more often it is misspelt. */
export function unheardLines(sites: readonly string[], heardOf: readonly string[]): string[] {
  const unheard = sites.filter((site) => !heardOf.some((each) => isWithin(each, site)));
  return unheard.map((site) => `no depot at ${site} or below was heard of yet: is that its name?`);
}

export function distributedLine({ targets, revisions, ...of }: PackageStatus): string {
  const last = revisions.findLast(({ state }) => state !== 'revoked' && state !== 'retired');
  const except = targets === null || targets.except.length === 0 ? '' : `, without ${targets.except.join(' ')}`;
  return `${asText(of)}: revision ${last?.revision ?? ''} is distributed to ${targets?.to.join(' ') ?? 'no site'}${except}`;
}

export function releasedLine({ releases, ...of }: PackageStatus): string {
  const last = releases.at(-1);
  if (last === undefined) return `${asText(of)}: nothing is released`;
  if (last.scheduled) return `${asText(of)}: ${scheduledLine(last)}`;
  const where = last.ring === null ? '' : ` in the ring ${last.ring.name}`;
  const urgently = last.urgent ? ' urgently' : '';
  const first = last.urgent ? ', what they lack of it before all else' : '';
  return `${asText(of)}: revision ${last.revision} is released${urgently}${where}; depots take it over at their next polls${first}`;
}
