import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { exitCodeOf, exitCodeRows } from '../../src/cli/exit-codes.js';
import { errorCodes, type ErrorCode } from '../../src/model/errors.js';
import { depot } from './recorder.js';

test('every foreseen error has an exit code of the table, and none is success', () => {
  const codes = exitCodeRows().map(([code]) => code);
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    expect(codes).toContain(exitCodeOf(code));
    expect(exitCodeOf(code)).not.toBe(0);
  }
});

test('no exit code stands for two things, nor collides with those of a shell', () => {
  const codes = exitCodeRows().map(([code]) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.filter((code) => code > 125)).toEqual([130]);
});

test('depot --help lists the exit codes', async () => {
  const { stdout, exitCode } = await depot(['--help']);
  expect(exitCode).toBe(0);
  for (const [code, meaning] of exitCodeRows()) expect(stdout).toContain(`${String(code).padEnd(4)} ${meaning}`);
});

test('the README lists the exit codes, each as a row of a table', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const text = readme.replace(/ +/g, ' ');
  for (const [code, meaning] of exitCodeRows()) expect(text).toContain(`| ${code} | ${meaning} |`);
});
