import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planted, project } from './planted.js';
import { sizes } from './sizes.js';
import { unusedDependencies } from './unused-dependencies.js';
import { unusedExports } from './unused-exports.js';

/** A program that starts `start`, which uses what `src/a.ts` exports as `used`. */
const minimal = {
  'bin/depotd.js': `import { start } from '../dist/daemon/start.js';\nstart();\n`,
  'src/daemon/start.ts': `import { used } from '../a.js';\nexport const start = (): number => used();\n`,
  'src/a.ts': 'export const used = (): number => 1;\n',
};

describe('an export', () => {
  it('that another file or a program uses is fine', async () => {
    expect(await findings({})).toEqual({});
  });

  it('that nothing uses is found', async () => {
    expect(await findings({ 'src/a.ts': `${minimal['src/a.ts']}export const more = 1;\n` })).toEqual({
      'src/a.ts more': 'nothing uses it',
    });
  });

  it('that only a test uses is found', async () => {
    const files = {
      'src/a.ts': `${minimal['src/a.ts']}export const more = 1;\n`,
      'test/a.test.ts': `import { more } from '../src/a.js';\nconsole.log(more);\n`,
    };
    expect(await findings(files)).toEqual({ 'src/a.ts more': 'only tests use it' });
  });

  it('that its own file uses may be reached by a test, but not by nobody', async () => {
    const files = { 'src/a.ts': 'export const part = 1;\nexport const used = (): number => part;\n' };
    expect(await findings(files)).toEqual({ 'src/a.ts part': 'only this file uses it: drop `export`' });
    const test = { 'test/a.test.ts': `import { part } from '../src/a.js';\nconsole.log(part);\n` };
    expect(await findings({ ...files, ...test })).toEqual({});
  });

  it('of a type is fine where the file itself needs it', async () => {
    const files = {
      'src/a.ts': 'export interface Options { n?: number }\nexport const used = (_o?: Options): number => 1;\n',
    };
    expect(await findings(files)).toEqual({});
  });
});

it('a method that only a test calls is found, though it is implemented', async () => {
  const a = `
    export interface Rows { get(): number; forget(): void }
    const rows = (): Rows => ({ get: () => 1, forget: () => undefined });
    export const used = (): number => rows().get();
    export const made = rows();\n`;
  const files = { 'src/a.ts': a, 'test/a.test.ts': `import { made } from '../src/a.js';\nmade.forget();\n` };
  expect(await findings(files)).toEqual({
    'src/a.ts Rows.forget': 'only tests call it',
    'src/a.ts made': 'only tests use it',
  });
});

it('a method that is called by way of a smaller type is not found', async () => {
  const a = `
    export interface Door { open(): void; close(): void }
    const door: Door = { open: () => undefined, close: () => undefined };
    const shut = (it: { close(): void }): void => it.close();
    export const used = (): number => (shut(door), 1);\n`;
  expect(await findings({ 'src/a.ts': a })).toEqual({ 'src/a.ts Door.open': 'nothing calls it' });
});

it('a file that nothing imports is found, and one that is started as a thread is not', async () => {
  const files = {
    'src/alone.ts': 'console.log(1);\n',
    'src/thread.ts': 'console.log(1);\n',
    'src/a.ts': `export const used = (): number => new URL('./thread.js', import.meta.url).href.length;\n`,
  };
  expect(await findings(files)).toEqual({ 'src/alone.ts': 'no other file of src imports or starts it' });
});

it('a dependency that is only installed is found', async () => {
  const root = await planted({
    'src/a.ts': `import * as z from 'zod';\nimport type Database from 'better-sqlite3';\n`,
    'test/a.test.ts': `import { it } from 'vitest';\n`,
  });
  const listed = {
    scripts: { build: 'tsc' },
    dependencies: { zod: '1', yaml: '1', 'better-sqlite3': '1' },
    devDependencies: {
      vitest: '1',
      'fast-check': '1',
      '@types/better-sqlite3': '1',
      '@types/yargs': '1',
      '@types/node': '1',
    },
  };
  await writeFile(join(root, 'package.json'), JSON.stringify(listed));
  const found = unusedDependencies(root).map(({ key }) => key);
  expect(found).toEqual(['package.json yaml', 'package.json fast-check', 'package.json @types/yargs']);
});

it('sizes are told in one line', () => {
  expect(sizes(project, 'src')).toMatch(/^src: \d+ files, \d+ lines; median \d+, p90 \d+, max \d+ [(]src[/].*[)]$/);
});

async function findings(files: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const root = await planted({ ...minimal, ...files });
  return Object.fromEntries(unusedExports(root).map(({ key, why }) => [key, why]));
}
