import type { Argument, Command, Option } from 'commander';

export interface Candidate {
  readonly value: string;
  readonly about: string;
}

/** `files`: the shell completes names of local files. `paths`: candidates that go on where they end with `/`. */
export interface Completion {
  readonly kind: 'words' | 'paths' | 'files';
  readonly candidates: readonly Candidate[];
}

type Role = 'master' | 'child';

/** The commands that work on repositories of one role only. */
const roles: Readonly<Record<string, Role>> = {
  publish: 'master',
  poll: 'child',
  plan: 'child',
  'take-over': 'child',
  move: 'master',
  keep: 'master',
};

/** What only a depot knows; each resolves to nothing where none can be asked. */
export interface Lookup {
  /** `role`: only those published here, or only those that have a parent. */
  repositories(role: Role | undefined): Promise<readonly Candidate[]>;
  holds(): Promise<readonly Candidate[]>;
  /** Repositories of packages (`apps/`), or (where one is named) its packages (`apps/vlc`). `role`: only those published here. */
  packages(repository: string | null, role: Role | undefined): Promise<readonly Candidate[]>;
  /** Where depots are known to stand. */
  sites(): Promise<readonly Candidate[]>;
  /** The names in the folder `folder` of a repository, as paths; folders end with `/`. */
  paths(repository: string, folder: string): Promise<readonly Candidate[]>;
}

/** What `words`, the command line behind `depot`, say so far; the last word is the one being typed, maybe empty. */
interface Position {
  readonly command: Command;
  /** Arguments before the word being typed. */
  readonly given: readonly string[];
  /** An option before it that needs a value. */
  readonly option: Option | undefined;
  readonly isBehindDashes: boolean;
}

/** What can stand in place of the last word, from the tree of commands, options and arguments. */
export async function complete(program: Command, words: readonly string[], lookup: Lookup): Promise<Completion> {
  const typed = words.at(-1) ?? '';
  const { command, given, option, isBehindDashes } = locate(program, words.slice(0, -1));
  if (option !== undefined && !(option.variadic && typed.startsWith('-'))) return completeValue(option, typed, lookup);
  if (typed.startsWith('-') && !isBehindDashes) return matching(optionCandidates(command, words), typed);
  if (command.commands.length > 0) return matching(commandCandidates(command), typed);
  return completeArgument(command, given, typed, lookup);
}

function locate(program: Command, before: readonly string[]): Position {
  let command = program;
  let given: string[] = [];
  let option: Option | undefined;
  let isBehindDashes = false;
  for (const word of before) {
    if (option !== undefined && !(option.variadic && word.startsWith('-'))) {
      if (!option.variadic) option = undefined;
    } else if (!isBehindDashes && word === '--') {
      isBehindDashes = true;
    } else if (!isBehindDashes && word.startsWith('-')) {
      const met = optionsOf(command).find(({ short, long }) => word === short || word === long);
      option = met?.required === true ? met : undefined;
    } else {
      const next = command.commands.find((sub) => sub.name() === word || sub.aliases().includes(word));
      if (next === undefined) given.push(word);
      else [command, given] = [next, []];
    }
  }
  return { command, given, option, isBehindDashes };
}

/** Of the command and of those that it belongs to. */
function optionsOf(command: Command): readonly Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].concat(
    command.parent === null ? [] : command.parent.options,
  );
}

function optionCandidates(command: Command, words: readonly string[]): Candidate[] {
  const names = new Map(optionsOf(command).map(({ long, short, description }) => [long ?? short ?? '', description]));
  return [...names].filter(([name]) => !words.slice(0, -1).includes(name)).map(([value, about]) => ({ value, about }));
}

function commandCandidates(command: Command): Candidate[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((sub) => ({ value: sub.name(), about: sub.description() }));
}

async function completeValue(option: Option, typed: string, lookup: Lookup): Promise<Completion> {
  if (option.argChoices !== undefined) return matching(option.argChoices.map(plain), typed);
  const value = /<(\w+)/.exec(option.flags)?.[1];
  if (value === 'file') return { kind: 'files', candidates: [] };
  return matching(value === 'site' ? await lookup.sites() : [], typed);
}

function plain(value: string): Candidate {
  return { value, about: '' };
}

async function completeArgument(
  command: Command,
  given: readonly string[],
  typed: string,
  lookup: Lookup,
): Promise<Completion> {
  const argument = argumentAt(command.registeredArguments, given.length);
  if (argument === undefined) return matching([], typed);
  if (argument.argChoices !== undefined) return matching(argument.argChoices.map(plain), typed);
  switch (argument.name()) {
    case 'repository': {
      const names = await lookup.repositories(roles[command.name()]);
      return matching(
        names.filter(({ value }) => !given.includes(value)),
        typed,
      );
    }
    case 'package': {
      const slash = typed.indexOf('/');
      const role = command.name() === 'export' ? undefined : 'master';
      const candidates = await lookup.packages(slash < 0 ? null : typed.slice(0, slash), role);
      return { kind: 'paths', candidates: candidates.filter(({ value }) => value.startsWith(typed)) };
    }
    case 'source':
      return { kind: 'files', candidates: [] };
    case 'id':
      return matching(await lookup.holds(), typed);
    case 'path': {
      const folder = typed.slice(0, Math.max(0, typed.lastIndexOf('/')));
      const candidates = await lookup.paths(given[0] ?? '', folder);
      return { kind: 'paths', candidates: candidates.filter(({ value }) => value.startsWith(typed)) };
    }
    default:
      return matching([], typed);
  }
}

function argumentAt(all: readonly Argument[], at: number): Argument | undefined {
  const last = all.at(-1);
  return all[at] ?? (last?.variadic === true ? last : undefined);
}

function matching(candidates: readonly Candidate[], typed: string): Completion {
  return { kind: 'words', candidates: candidates.filter(({ value }) => value.startsWith(typed)) };
}
