import { Argument, Command, Option } from 'commander';
import { expect, test } from 'vitest';
import { complete, type Lookup } from '../../src/cli/complete.js';

const names = (...values: string[]) => values.map((value) => ({ value, about: '' }));

const lookup: Lookup = {
  repositories: async (role) => (role === 'master' ? names('scripts') : names('tools', 'media')),
  holds: async () => names('7f3a'),
  packages: async (repository, role) => names(repository === null ? `apps-${role}/` : `${repository}/vlc`),
  sites: async () => names('enterprise', 'enterprise/germany'),
  paths: async (repository, folder) => names(`${folder === '' ? '' : `${folder}/`}${repository}-a/`, 'elsewhere'),
};

function program(): Command {
  const root = new Command('depot').option('--config <file>').option('--json');
  root.addCommand(new Command('poll').argument('[repository...]').option('--wait'));
  root.addCommand(new Command('publish').argument('<repository>'));
  root.addCommand(new Command('ls').argument('<repository>').argument('[path]').option('-n, --limit <rows>'));
  root.addCommand(new Command('approve').argument('<id>'));
  root.addCommand(new Command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh'])));
  const distribute = new Command('distribute').argument('<package>').option('--to <site...>').option('--wait');
  const importing = new Command('import').argument('<package>').argument('<source>');
  importing.addOption(new Option('--as <what>').choices(['revisions', 'work']));
  const exporting = new Command('export').argument('<package>').option('--zip <file>');
  const group = new Command('package').addCommand(distribute).addCommand(importing).addCommand(exporting);
  root.addCommand(group);
  root.addCommand(new Command('config').addCommand(new Command('check')));
  root.addCommand(new Command('__secret'), { hidden: true });
  return root;
}

async function values(...words: string[]): Promise<string[]> {
  return (await complete(program(), words, lookup)).candidates.map(({ value }) => value);
}

test.each<[string[], string[]]>([
  [[''], ['poll', 'publish', 'ls', 'approve', 'completion', 'package', 'config', 'help']],
  [['p'], ['poll', 'publish', 'package']],
  [
    ['config', ''],
    ['check', 'help'],
  ],
  [
    ['completion', ''],
    ['bash', 'zsh'],
  ],
  [['approve', ''], ['7f3a']],
  [
    ['poll', ''],
    ['tools', 'media'],
  ],
  [['poll', 'tools', ''], ['media']],
  [['publish', ''], ['scripts']],
  [['publish', 'scripts', ''], []],
  [['ls', 'tools', 'bin/'], ['bin/tools-a/']],
  [['--json', 'poll', 'm'], ['media']],
  [['--config', 'x.yaml', 'po'], ['poll']],
  [['ls', '--limit', ''], []],
  [['poll', '--', '-'], []],
  [['package', 'distribute', ''], ['apps-master/']],
  [['package', 'export', ''], ['apps-undefined/']],
  [['package', 'distribute', 'apps/v'], ['apps/vlc']],
  [
    ['package', 'distribute', 'apps/vlc', '--to', ''],
    ['enterprise', 'enterprise/germany'],
  ],
  [['package', 'distribute', 'apps/vlc', '--to', 'enterprise', 'enterprise/'], ['enterprise/germany']],
  [['package', 'distribute', 'apps/vlc', '--to', 'enterprise', '--w'], ['--wait']],
  [['package', 'distribute', '--to', 'enterprise', '--wait', 'apps/'], ['apps/vlc']],
  [
    ['package', 'import', '--as', ''],
    ['revisions', 'work'],
  ],
])('behind depot %j stand %j', async (words, expected) => {
  expect(await values(...words)).toEqual(expected);
});

test('options of the command and of all commands are offered, each once', async () => {
  expect(await values('poll', '--')).toEqual(['--wait', '--help', '--config', '--json']);
  expect(await values('poll', '--wait', '--json', '--')).toEqual(['--help', '--config']);
});

test('files are left to the shell', async () => {
  for (const words of [
    ['package', 'import', 'apps/vlc', 'v'],
    ['package', 'export', 'apps/vlc', '--zip', ''],
  ]) {
    expect(await complete(program(), words, lookup)).toEqual({ kind: 'files', candidates: [] });
  }
  expect(await complete(program(), ['--config', 'x'], lookup)).toEqual({ kind: 'files', candidates: [] });
});
