import { Argument, Command } from 'commander';
import type { ListedEntry } from '../model/listing.js';
import type { DepotStatus } from '../model/status.js';
import { listPath } from '../serve/listing.js';
import { holdStatuses } from '../serve/queries.js';
import { selectionOf } from '../serve/status-facts.js';
import { depotStatus } from '../serve/status.js';
import { complete, type Candidate, type Lookup } from './complete.js';
import { completionScripts, type Shell } from './completion-scripts.js';
import { askOrRead, daemonOf } from './reach.js';
import { requestOf, type Program, type Request } from './request.js';
import type { Terminal } from './terminal.js';
import { plural, size } from './words.js';

const shells = Object.keys(completionScripts) as Shell[];

/** Prints the script that a shell loads; it calls `depot __complete`. */
export function completionCommand(program: Program): Command {
  return new Command('completion')
    .description('a script for a shell to complete depot command lines with')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      `\nTry it in this shell:\n  source <(depot completion bash)\n  depot completion fish | source`,
    )
    .action(async (shell: Shell) => program.terminal.out(completionScripts[shell]));
}

/**
 * What the scripts call: `depot __complete -- WORDS`, where the last word is the one being typed. A line a candidate,
 * with its meaning behind a tab; `:files` or `:paths` as the first line where the shell has to treat them as such.
 */
export function hiddenCompleteCommand(program: Program): Command {
  return new Command('__complete')
    .argument('[word...]')
    .allowUnknownOption()
    .action(async (words: string[], _options: object, command: Command) => {
      const root = command.parent ?? command;
      const config = words[words.indexOf('--config') + 1];
      const request = requestOf(program, command);
      const asked = words.includes('--config') && config !== undefined ? { ...request, configFile: config } : request;
      const { kind, candidates } = await complete(root, words, lookupFor(asked));
      const lines = candidates.map(({ value, about }) => (about === '' ? value : `${value}\t${about}`));
      const marked = kind === 'words' ? lines : [`:${kind}`, ...lines];
      await program.terminal.out(marked.map((line) => `${line}\n`).join(''));
    });
}

/** More names than these help nobody who pressed Tab. */
const mostPaths = 1000;

function lookupFor(request: Request): Lookup {
  const quiet: Request = { ...request, terminal: mute(request.terminal) };
  const orNothing = (asking: Promise<Candidate[]>): Promise<Candidate[]> => asking.catch(() => []);
  return {
    repositories: (role) =>
      orNothing(
        statusOf(quiet, false).then(({ repositories }) =>
          repositories
            .filter((repository) => role === undefined || repository.role === role)
            .map((repository) => ({ value: repository.name, about: repository.role })),
        ),
      ),
    holds: () =>
      orNothing(
        askOrRead(
          quiet,
          (api) => api.holds(),
          ({ store }) => holdStatuses(store),
        ).then((holds) =>
          holds.map(({ id, repository, files }) => ({ value: id, about: `${repository}, ${plural(files, 'file')}` })),
        ),
      ),
    packages: (repository, role) =>
      orNothing(repository === null ? packageRepositories(quiet, role) : packagesOf(quiet, repository)),
    sites: () => orNothing(knownSites(quiet)),
    paths: (repository, folder) => orNothing(pathsIn(quiet, repository, folder)),
  };
}

async function statusOf(request: Request, tree: boolean): Promise<DepotStatus> {
  return askOrRead(
    request,
    (api) => api.status({ tree }),
    ({ store, facts }) => depotStatus(store, facts, null, { nowMs: request.terminal.now(), tree }),
  );
}

async function packageRepositories(request: Request, role: 'master' | 'child' | undefined): Promise<Candidate[]> {
  const { repositories } = await statusOf(request, false);
  return repositories
    .filter((each) => each.kind === 'packages' && (role === undefined || each.role === role))
    .map(({ name, role }) => ({ value: `${name}/`, about: role }));
}

/** Where they are published with their titles; elsewhere those that clients find. */
async function packagesOf(request: Request, repository: string): Promise<Candidate[]> {
  try {
    const packages = await (await daemonOf(request)).packages.list(repository);
    return packages.map(({ name, title }) => ({ value: `${repository}/${name}`, about: title }));
  } catch {
    const folders = (await pathsIn(request, repository, '')).filter(({ value }) => value.endsWith('/'));
    return folders.map(({ value, about }) => ({ value: `${repository}/${value.slice(0, -1)}`, about }));
  }
}

async function knownSites(request: Request): Promise<Candidate[]> {
  const { site, depot, children, below } = await statusOf(request, true);
  const standing = [{ site, depot }, ...children, ...(below ?? [])];
  const depots = new Map<string, Set<string>>();
  for (const each of standing) depots.set(each.site, (depots.get(each.site) ?? new Set()).add(each.depot));
  return [...depots].sort().map(([value, names]) => ({ value, about: [...names].join(', ') }));
}

async function pathsIn(request: Request, repository: string, folder: string): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const onEntries = async (entries: readonly ListedEntry[]): Promise<void> => {
    if (found.length < mostPaths) found.push(...entries.map(pathCandidate));
  };
  const { signal } = request.terminal;
  await askOrRead(
    request,
    (api) =>
      api.ls(repository, folder, {
        generation: null,
        signal,
        onEvent: async (event) => (event.type === 'entries' ? onEntries(event.entries) : undefined),
      }),
    ({ store, facts }) => listPath(store, repository, folder, null, selectionOf(facts, repository), onEntries),
  );
  return found;
}

function pathCandidate({ path, type, files, bytes }: ListedEntry): Candidate {
  return type === 'folder' ? { value: `${path}/`, about: plural(files, 'file') } : { value: path, about: size(bytes) };
}

/** Nothing may be written between the candidates, and a person who presses Tab wants no explanations. */
function mute(terminal: Terminal): Terminal {
  return Object.create(terminal, { err: { value: () => undefined } }) as Terminal;
}
