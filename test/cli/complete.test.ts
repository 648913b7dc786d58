import { Argument, Command } from 'commander';
import { expect, test } from 'vitest';
import { complete, type Lookup } from '../../src/cli/complete.js';

const names = (...values: string[]) => values.map((value) => ({ value, about: '' }));

const lookup: Lookup = {
  repositories: async (role) => (role === 'master' ? names('scripts') : names('tools', 'media')),
  holds: async () => names('7f3a'),
  paths: async (repository, folder) => names(`${folder === '' ? '' : `${folder}/`}${repository}-a/`, 'elsewhere'),
};

function program(): Command {
  const root = new Command('depot').option('--config <file>').option('--json');
  root.addCommand(new Command('poll').argument('[repository...]').option('--wait'));
  root.addCommand(new Command('publish').argument('<repository>'));
  root.addCommand(new Command('ls').argument('<repository>').argument('[path]').option('-n, --limit <rows>'));
  root.addCommand(new Command('approve').argument('<id>'));
  root.addCommand(new Command('completion').addArgument(new Argument('<shell>').choices(['bash', 'zsh'])));
  root.addCommand(new Command('config').addCommand(new Command('check')));
  root.addCommand(new Command('__secret'), { hidden: true });
  return root;
}

async function values(...words: string[]): Promise<string[]> {
  return (await complete(program(), words, lookup)).candidates.map(({ value }) => value);
}

test.each<[string[], string[]]>([
  [[''], ['poll', 'publish', 'ls', 'approve', 'completion', 'config', 'help']],
  [['p'], ['poll', 'publish']],
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
])('behind depot %j stand %j', async (words, expected) => {
  expect(await values(...words)).toEqual(expected);
});

test('options of the command and of all commands are offered, each once', async () => {
  expect(await values('poll', '--')).toEqual(['--wait', '--help', '--config', '--json']);
  expect(await values('poll', '--wait', '--json', '--')).toEqual(['--help', '--config']);
});

test('the file of an option is left to the shell', async () => {
  expect(await complete(program(), ['--config', 'x'], lookup)).toEqual({ kind: 'files', candidates: [] });
});
