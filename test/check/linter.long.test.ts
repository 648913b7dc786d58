import { join } from 'node:path';
import { ESLint } from 'eslint';
import { expect, it } from 'vitest';
import { planted, project } from './planted.js';

const later = 'export async function later(): Promise<void> {}\n';

it.each([
  ['a promise that nobody waits for', 'src/sync/a.ts', `${later}later();`, '@typescript-eslint/no-floating-promises'],
  [
    'a promise where a condition is meant',
    'src/sync/a.ts',
    `${later}if (later()) later().catch(String);`,
    '@typescript-eslint/no-misused-promises',
  ],
  ['any', 'src/sync/a.ts', 'export const a = (b: any): void => void b;', '@typescript-eslint/no-explicit-any'],
  [
    'a switch that forgets a case',
    'src/sync/a.ts',
    `export function f(x: 'a' | 'b'): void { switch (x) { case 'a': break; } }`,
    '@typescript-eslint/switch-exhaustiveness-check',
  ],
  ['an exit on the spot', 'src/cli/a.ts', 'process.exit(1);', 'no-restricted-properties'],
  ['a clock beside the host', 'src/sync/a.ts', 'export const now = Date.now();', 'no-restricted-properties'],
  ['a clock beside the host', 'src/sync/a.ts', 'export const now = new Date();', 'no-restricted-syntax'],
  [
    'a file written outside of the store',
    'src/sync/a.ts',
    `import { writeFile } from 'node:fs/promises';\nawait writeFile('x', '');`,
    'no-restricted-imports',
  ],
  [
    'a file opened for writing outside of the store',
    'src/sync/a.ts',
    `import { open } from 'node:fs/promises';\nawait open('x', 'w');`,
    'no-restricted-syntax',
  ],
  ['printing below the command line', 'src/sync/a.ts', `console.log('x');`, 'no-console'],
])('the linter refuses %s', async (_promise, path, text, rule) => {
  expect(await rulesBroken(path, text)).toContain(rule);
});

it('the linter has nothing against code in order', async () => {
  expect(await rulesBroken('src/sync/a.ts', `${later}await later();`)).toEqual([]);
});

async function rulesBroken(path: string, text: string): Promise<(string | null)[]> {
  const root = await planted({ [path]: `${text}\n` });
  const linter = new ESLint({
    cwd: root,
    overrideConfigFile: join(project, 'eslint.config.js'),
    overrideConfig: [{ languageOptions: { parserOptions: { tsconfigRootDir: root } } }],
  });
  const results = await linter.lintFiles([path]);
  expect(results.map(({ filePath }) => filePath)).toEqual([join(root, path)]);
  return results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => ruleId ?? message));
}
