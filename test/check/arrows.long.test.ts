import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Tree } from '../harness/tree.js';
import { planted, project } from './planted.js';

const imports = (...names: string[]): string =>
  `${names.map((name) => `import ${JSON.stringify(name)};`).join('\n')}\n`;
const value = 'export const a = 1;\n';

it.each<[string, Tree, string]>([
  ['sync that knows serve', { 'src/sync/a.ts': imports('../serve/b.js'), 'src/serve/b.ts': value }, 'arrows-of-sync'],
  [
    'serve that knows publish',
    { 'src/serve/a.ts': imports('../publish/b.js'), 'src/publish/b.ts': value },
    'arrows-of-serve',
  ],
  [
    'publish that knows sync',
    { 'src/publish/a.ts': imports('../sync/b.js'), 'src/sync/b.ts': value },
    'arrows-of-publish',
  ],
  [
    'configuration below the daemon',
    { 'src/sync/a.ts': imports('../config/b.js'), 'src/config/b.ts': value },
    'arrows-of-sync',
  ],
  ['an arrow up', { 'src/model/a.ts': imports('../store/b.js'), 'src/store/b.ts': value }, 'arrows-of-model'],
  [
    'an arrow that only carries a type',
    {
      'src/sync/a.ts': `import type { B } from '../serve/b.js';\nexport type A = B;\n`,
      'src/serve/b.ts': 'export type B = 1;\n',
    },
    'arrows-of-sync',
  ],
  [
    'a folder without a place',
    { 'src/misc/a.ts': imports('../model/b.js'), 'src/model/b.ts': value },
    'arrows-of-the-unknown',
  ],
  [
    'two files that need each other',
    { 'src/sync/a.ts': imports('./b.js'), 'src/sync/b.ts': imports('./a.js') },
    'no-cycle',
  ],
  [
    'three files that need each other',
    { 'src/sync/a.ts': imports('./b.js'), 'src/sync/b.ts': imports('./c.js'), 'src/sync/c.ts': imports('./a.js') },
    'no-cycle',
  ],
  ['a manifest that reads files', { 'src/manifest/a.ts': imports('node:fs') }, 'pure-stays-pure'],
  ['a model that goes to the network', { 'src/model/a.ts': imports('node:http') }, 'pure-stays-pure'],
  ['a second door to SQLite', { 'src/store/heads.ts': imports('better-sqlite3') }, 'one-door-for-better-sqlite3'],
  ['a second HTTP client', { 'src/sync/a.ts': imports('undici') }, 'one-door-for-undici'],
  ['a package that is not shipped', { 'src/cli/a.ts': imports('fast-check') }, 'ships-with-its-dependencies'],
  ['a test in what ships', { 'src/cli/a.ts': imports('../../test/b.js'), 'test/b.ts': value }, 'strangers-to-tests'],
  ['an import of nothing', { 'src/cli/a.ts': imports('./gone.js') }, 'resolvable'],
])('the dependency rules refuse %s', async (_promise, files, rule) => {
  const { code, output } = await cruise(files);
  expect(output).toContain(`error ${rule}`);
  expect(code).toBeGreaterThan(0);
});

it('the dependency rules let the arrows of the design pass, and look at every file', async () => {
  const { code, output } = await cruise({
    'src/cli/a.ts': imports('../daemon/b.js', 'commander'),
    'src/daemon/b.ts': imports('../sync/c.js', '../serve/d.js', '../config/e.js', 'pino'),
    'src/sync/c.ts': imports('../store/database.js', '../protocol/f.js', '../host.js'),
    'src/serve/d.ts': imports('../store/database.js', 'node:http'),
    'src/config/e.ts': imports('../model/h.js', 'yaml', 'zod'),
    'src/store/database.ts': imports('../manifest/g.js', 'better-sqlite3'),
    'src/protocol/f.ts': imports('../manifest/g.js', 'undici'),
    'src/manifest/g.ts': imports('../model/h.js'),
    'src/model/h.ts': imports('node:crypto'),
    'src/host.ts': value,
  });
  expect(output).toMatch(/no dependency violations found [(]\d\d modules, 2\d dependencies cruised[)]/);
  expect(code).toBe(0);
});

async function cruise(files: Tree): Promise<{ code: number | null; output: string }> {
  const root = await planted(files);
  const program = join(project, 'node_modules/.bin/depcruise');
  const args = ['--config', join(project, '.dependency-cruiser.cjs'), 'src'];
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { cwd: root, env: { ...process.env, NO_COLOR: '1' } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}
