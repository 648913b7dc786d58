import { Command, Option } from 'commander';
import { DepotError } from '../model/errors.js';
import { partsOf, problemsOf, wrapperOf, type ImportAs, type ImportParts } from '../publish/import-parts.js';
import { openImport, type ImportSource } from '../publish/import-source.js';
import { heldBackLines } from './attention.js';
import { exitCodes } from './exit-codes.js';
import { importRevisions, importWork, type Imported, type ImportOrder } from './import-steps.js';
import { workCopyOf, type WorkCopy } from './import-work.js';
import { asText, packageName } from './package-name.js';
import { daemonOf } from './reach.js';
import { printJson, printLines, printProse, requestOf, type Program, type Request } from './request.js';
import { columns } from './columns.js';
import { plural, safe, size } from './words.js';

interface ImportOptions {
  readonly as?: ImportAs;
  readonly under?: string;
  readonly from?: string;
  readonly type?: string;
  readonly title?: string;
  readonly vendor?: string;
  readonly to?: string[];
  readonly except?: string[];
  readonly release?: boolean;
  readonly replace?: boolean;
  readonly dryRun?: boolean;
}

/** The work copy is written by this process, so that the daemon opens no file that somebody else names. */
export function importCommand(program: Program): Command {
  return new Command('import')
    .description('take over what another system exported: a zip file or a folder, with revisions or without')
    .argument('<package>', 'REPOSITORY/PACKAGE')
    .argument('<source>', 'a zip file or a folder, at the depot where the package is published')
    .addOption(
      new Option('--as <what>', 'revisions: each folder is one; work: all of it is the work copy').choices([
        'revisions',
        'work',
      ]),
    )
    .option('--under <folder>', 'only what is in this folder of the source')
    .option('--from <folder>', 'only the revisions from this one on')
    .option('--type <type>', 'where the package is not there yet: create it, with this type')
    .option('--title <text>', 'its title then')
    .option('--vendor <text>', 'its vendor then')
    .option('--to <site...>', 'the sites that get the revisions (default: as before)')
    .option('--except <site...>', 'but not these, with all below')
    .option('--release', 'release the last revision')
    .option('--replace', 'also where the work copy has changes that no revision has, which are lost')
    .option('--dry-run', 'only say what would happen')
    .addHelpText('after', help)
    .action(async (text: string, path: string, options: ImportOptions, command: Command) => {
      const request = requestOf(program, command);
      const source = openImport(path);
      try {
        const order = orderOf(text, options);
        const found = partsOf(source.items, trimmed(options.under ?? ''), options.as ?? null, options.from ?? null);
        requireSuitable(found, source, options);
        const problems = [...source.problems, ...found.parts.flatMap(problemsOf)];
        const api = await daemonOf(request);
        const work = await workCopyOf(request, api.packages, order);
        const shown = { ...viewOf(path, found, source), dryRun: options.dryRun === true, work };
        if (!request.json) await printPlan(request, shown, order);
        if (problems.length > 0) {
          if (request.json) await printJson(request.terminal, { ...shown, problems, imported: null });
          else await printProse(request.terminal, heldBackLines(path, problems, 50, request.terminal.colours));
          program.endWith(exitCodes.packageRefused.code);
          return;
        }
        requireReady(found, work, order);
        let imported: Imported | null = null;
        if (options.dryRun !== true) {
          const steps = { request, packages: api.packages, order, work, source: path };
          imported =
            found.as === 'work' ? await importWork(steps, found.parts) : await importRevisions(steps, found.parts);
        }
        if (request.json) await printJson(request.terminal, { ...shown, problems, imported });
        if (imported?.isStopped === true) program.endWith(exitCodes.packageRefused.code);
      } finally {
        source.close();
      }
    });
}

const help = `
Where the top of the source has nothing but folders that are named like versions (1, 2, 3, or 3.0.19, 3.0.20), each becomes a
revision, in their natural order; else all of it becomes the work copy. What macOS and Windows leave for themselves
(__MACOSX, .DS_Store, Thumbs.db) is left out. Run it at the master depot, as somebody who may edit the work copies.

  depot package import apps/vlc vlc.zip --type app --to enterprise --dry-run`;

function orderOf(text: string, options: ImportOptions): ImportOrder {
  const { type = null, title = null, vendor = null, to = [], except = [] } = options;
  const [release, replace] = [options.release === true, options.replace === true];
  return { ...packageName(text), type, title, vendor, to, except, release, replace };
}

function trimmed(folder: string): string {
  return folder.replace(/^(?:\.?\/)+|\/+$/g, '');
}

/** @throws DepotError `bad-request` where the options do not fit what was found */
function requireSuitable({ as, parts }: ImportParts, { items }: ImportSource, options: ImportOptions): void {
  const wrapper = options.under === undefined && options.as === undefined ? wrapperOf(items) : undefined;
  const bad = (message: string, hint: string): DepotError =>
    new DepotError('bad-request', message, { hint, retry: 'never' });
  if (as === 'work' && (options.to ?? options.except ?? options.release ?? options.from) !== undefined) {
    throw bad(
      'this is taken for a work copy, of which nothing is distributed or released yet',
      wrapper === undefined ? 'depot package publish does that afterwards; --as revisions' : `--under ${wrapper}`,
    );
  }
  if (wrapper !== undefined) {
    throw bad(
      `all of it is in the folder ${wrapper}, which has nothing but revisions`,
      `--under ${wrapper} takes those over; --as work takes all of it for the work copy`,
    );
  }
  if (parts.length === 0) throw bad('there is no folder to be a revision', '--as work');
}

/** @throws DepotError `package-refused` */
function requireReady({ as, parts }: ImportParts, { state, path, targets }: WorkCopy, order: ImportOrder): void {
  const name = asText(order);
  if (as === 'revisions' && parts.length > 1 && targets === null && order.to.length === 0) {
    throw new DepotError(
      'package-refused',
      `nothing says yet which sites get ${name}, and each revision needs the one before to be distributed (rule: targets-first)`,
      { hint: 'name them: --to SITE', rule: 'targets-first', retry: 'never' },
    );
  }
  if (state !== 'changed' || order.replace) return;
  throw new DepotError('package-refused', `${path} has changes that are in no revision (rule: changes-stay)`, {
    hint: `depot package prepare ${name} makes them one; --replace lets them go`,
    rule: 'changes-stay',
    retry: 'never',
  });
}

interface View {
  readonly source: string;
  readonly as: ImportAs;
  readonly dryRun: boolean;
  readonly parts: readonly { readonly name: string; readonly files: number; readonly bytes: number }[];
  readonly leftOut: readonly string[];
  readonly work: WorkCopy;
}

function viewOf(source: string, { as, parts, beside }: ImportParts, { leftOut }: ImportSource) {
  return {
    source,
    as,
    parts: parts.map(({ name, files, bytes }) => ({ name, files, bytes })),
    leftOut: [...leftOut, ...beside],
  };
}

async function printPlan({ terminal }: Request, view: View, order: ImportOrder): Promise<void> {
  const { source, as, parts, leftOut, dryRun } = view;
  const heads = ['FOLDER', 'FILES', 'SIZE'].map((head) => ({ head }));
  const rows = parts.map(({ name, files, bytes }) => [safe(name), String(files), size(bytes)]);
  const [first] = parts;
  const what =
    as === 'work'
      ? `${safe(source)}: ${plural(first?.files ?? 0, 'file')}, ${size(first?.bytes ?? 0)}, for the work copy`
      : `${safe(source)}: ${plural(parts.length, 'revision')}, in this order`;
  await printLines(terminal, [what, ...(as === 'work' ? [] : columns(heads, rows, terminal.colours.dim).lines)]);
  if (leftOut.length > 0) {
    const some = leftOut.slice(0, 5).map(safe).join(', ');
    await printProse(terminal, [`left out: ${some}${leftOut.length > 5 ? `, ${leftOut.length - 5} more` : ''}`]);
  }
  if (dryRun) await printProse(terminal, planLines(view, order));
}

function* planLines({ as, parts, work }: View, order: ImportOrder): Generator<string> {
  const name = asText(order);
  if (!work.exists) yield `${name} would be created, type ${order.type ?? ''}`;
  else yield `${work.path} ${states[work.state]}`;
  if (as === 'work') {
    yield `it would be replaced; then: depot package publish ${name} --to SITE`;
    return;
  }
  const last = work.next + parts.length - 1;
  const numbers = parts.length === 1 ? `revision ${last}` : `revisions ${work.next} to ${last}`;
  const to = order.to.length > 0 ? order.to : (work.targets?.to ?? []);
  yield `they would be ${numbers}${to.length === 0 ? ', prepared only' : `, distributed to ${to.join(' ')}`}${order.release ? `; ${last} would be released` : ''}`;
}

const states = {
  missing: 'is not there',
  empty: 'is empty',
  frozen: 'is what the last revision is',
  changed: 'has changes that are in no revision',
} as const;
