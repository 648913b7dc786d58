import { Command } from 'commander';
import { DepotError } from '../model/errors.js';
import type { PrepareResult, RevisionChange } from '../model/package-status.js';
import { heldBackLines } from './attention.js';
import { exitCodes } from './exit-codes.js';
import { asText, packageName } from './package-name.js';
import { distributedLine, releasedLine, sitesHeardOf, unheardLines } from './package-release.js';
import { daemonOf } from './reach.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import type { Terminal } from './terminal.js';
import { watch } from './watching.js';
import { changes, count, plural, safe, size } from './words.js';

export function prepareCommand(program: Program): Command {
  return new Command('prepare')
    .description('freeze the work copy into the next revision')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .option('--note <text>', 'what is new in it')
    .option('--version <text>', 'the version of what is in it (default: as before)')
    .option('--dry-run', 'only say what it would come to')
    .action(async (text: string, options: PrepareOptions, command: Command) => {
      const { note = null, version = null, dryRun = false } = options;
      const request = requestOf(program, command);
      const of = packageName(text);
      const { packages } = await daemonOf(request);
      const result = await watch(request, {}, (work) => packages.prepare(of, { ...work, note, version, dryRun }));
      if (request.json) await printJson(request.terminal, result);
      else await printProse(request.terminal, prepareLines(request, asText(of), result));
      if (result.change === null) program.endWith(exitCodes.packageRefused.code);
    });
}

interface PrepareOptions {
  readonly note?: string;
  readonly version?: string;
  readonly dryRun?: boolean;
}

interface PublishOptions {
  readonly to?: string[];
  readonly except?: string[];
  readonly note?: string;
  readonly urgent?: boolean;
  readonly version?: string;
}

/** The usual case: prepare, distribute, release. */
export function publishCommand(program: Program): Command {
  return new Command('publish')
    .description('prepare the work copy, distribute it and release it, in one')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .option('--to <site...>', 'the sites that get it, with all below (default: as before)')
    .option('--except <site...>', 'but not these, with all below')
    .option('--note <text>', 'what is new in it')
    .option('--version <text>', 'the version of what is in it (default: as before)')
    .option('--urgent', 'as of depot package release')
    .action(async (text: string, options: PublishOptions, command: Command) => {
      const { to = [], except = [], note, version, urgent = false } = options;
      const request = requestOf(program, command);
      const { terminal, json } = request;
      const of = packageName(text);
      const api = await daemonOf(request);
      const { packages } = api;
      if (to.length === 0 && (await packages.show(of)).targets === null) {
        throw new DepotError('bad-request', `nothing says yet which sites get ${asText(of)}`, {
          hint: 'name them: --to SITE',
          retry: 'never',
        });
      }
      const order = { note: note ?? null, version: version ?? null, dryRun: false };
      const prepared = await watch(request, {}, (work) => packages.prepare(of, { ...work, ...order }));
      if (!json) await printProse(terminal, prepareLines(request, asText(of), prepared));
      if (prepared.revision === null) {
        if (json) await printJson(terminal, { prepared, distributed: null, released: null });
        program.endWith(exitCodes.packageRefused.code);
        return;
      }
      const distributed = await packages.distribute(of, to, except);
      if (!json) {
        const unheard = unheardLines([...to, ...except], await sitesHeardOf(api));
        await printProse(terminal, [distributedLine(distributed.package), ...unheard]);
      }
      const released = await packages.release(of, { revision: prepared.revision, ring: null, at: null, urgent });
      if (json) await printJson(terminal, { prepared, distributed, released });
      else await printProse(terminal, [releasedLine(released.package)]);
    });
}

export function* prepareLines(
  { terminal }: { readonly terminal: Pick<Terminal, 'colours'> },
  name: string,
  result: PrepareResult,
): Generator<string> {
  const { revision, change, problems } = result;
  if (change === null) {
    yield `${name}: ${terminal.colours.red('no revision was made')}: ${plural(problems.length, 'problem')} in ${result.package.work}`;
    // The problem of the folder itself is not one of a name.
    const [whole] = problems.filter(({ path }) => path === '.');
    if (whole !== undefined) yield `  ${safe(whole.reason)}`;
    const names = problems.filter((each) => each !== whole);
    yield* heldBackLines(name, names, names.length, terminal.colours);
    return;
  }
  if (revision === null) {
    yield `${name}: the work copy can become a revision: ${differenceOf(change)}`;
    return;
  }
  const made = result.package.revisions.find((each) => each.revision === revision);
  yield `${name}: ${terminal.colours.green(`revision ${revision}`)}: ${plural(made?.files ?? 0, 'file')}, ${size(made?.bytes ?? 0)}`;
  yield `  ${differenceOf(change)}`;
}

function differenceOf({ added, changed, removed, full, wireBytes }: RevisionChange): string {
  const what = changes(added, changed, removed);
  if (full.files === 0) return `${what}; no content is new`;
  return `${what}; ${count(full.files)} with new content, ${size(full.bytes)}, which travel as about ${size(wireBytes)}`;
}
