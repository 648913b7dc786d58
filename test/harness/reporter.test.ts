import { execFile } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from './temporary.js';
import { tree, type Tree } from './tree.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

const passing = `import { it } from 'vitest'; it('passes', () => {});\n`;

it.each<[string, Tree, string, number]>([
  ['counts what passed', { 'a.test.ts': passing, 'b.test.ts': passing }, '2 passed, 0 failed', 0],
  [
    'counts what failed',
    { 'a.test.ts': `${passing} it('fails', () => { throw new Error(); });` },
    '1 passed, 1 failed',
    1,
  ],
  [
    'takes a skipped test for a failed one',
    { 'a.test.ts': `${passing} it.skip('s', () => {});` },
    '1 passed, 1 failed',
    1,
  ],
  [
    'takes a file that cannot be loaded for a failed test',
    { 'a.test.ts': `import './no.js'` },
    '0 passed, 1 failed',
    1,
  ],
  [
    'takes an error outside of any test for a failed one',
    {
      'a.test.ts': `${passing} setImmediate(() => { throw new Error(); }); it('w', () => new Promise((r) => setTimeout(r, 50)));`,
    },
    '2 passed, 1 failed',
    1,
  ],
  ['does not call an empty run a success', {}, '0 passed, 1 failed', 1],
])('the last line %s', async (_promise, files, line, code) => {
  const folder = await temporaryFolder();
  await tree(folder, files);
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
  const run = await vitest(folder);
  expect(run.stdout.split('\n').slice(-2)).toEqual([line, '']);
  expect(run.code).toBe(code);
});

function vitest(folder: string): Promise<{ code: number; stdout: string }> {
  const reporter = join(project, 'test/harness/reporter.ts');
  const args = [join(project, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', `--reporter=${reporter}`];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { cwd: folder }, (_error, stdout) =>
      resolve({ code: child.exitCode ?? -1, stdout }),
    );
  });
}
