import { expect, test } from 'vitest';
import { progressLine } from '../../src/cli/progress.js';
import type { WorkProgress } from '../../src/serve/control-api.js';
import { recorder } from './recorder.js';

const mebibyte = 1_048_576;

/** Four files of a MiB each, one in two seconds. */
function shown(options: {
  readonly progressWidth?: number;
  readonly isQuiet?: boolean;
  readonly everyMs?: number;
}): string {
  let time = 0;
  const { terminal, ran } = recorder({ now: () => time, ...options });
  const line = progressLine(terminal, options.isQuiet === true);
  for (let done = 0; done <= 4; done += 1) {
    line.show({
      type: 'progress',
      repository: 'tools',
      phase: 'fetch',
      files: { done, total: 4 },
      bytes: { done: done * mebibyte, total: 4 * mebibyte },
    });
    time += options.everyMs ?? 2_000;
  }
  line.clear();
  expect(ran.stdout).toBe('');
  return ran.stderr;
}

const rewrite = '\r\u001b[2K';

test('on a terminal progress is one line, rewritten, and gone in the end', () => {
  expect(shown({ progressWidth: 80 }).split(rewrite)).toEqual([
    '',
    'tools: fetch, 0 of 4 files, 0 B of 4.0 MiB',
    'tools: fetch, 1 of 4 files, 1.0 MiB of 4.0 MiB, 512 KiB/s, 6 s left',
    'tools: fetch, 2 of 4 files, 2.0 MiB of 4.0 MiB, 512 KiB/s, 4 s left',
    'tools: fetch, 3 of 4 files, 3.0 MiB of 4.0 MiB, 512 KiB/s, 2 s left',
    'tools: fetch, 4 of 4 files, 4.0 MiB of 4.0 MiB, 512 KiB/s, 0 s left',
    '',
  ]);
});

test('the line never wraps, so that it can be rewritten', () => {
  for (const line of shown({ progressWidth: 30 }).split(rewrite)) expect(line.length).toBeLessThan(30);
});

test('of several repositories one is shown, the others are counted', () => {
  let time = 0;
  const { terminal, ran } = recorder({ now: () => time, progressWidth: 80 });
  const line = progressLine(terminal, false);
  for (const repository of ['tools', 'media', 'tools', 'media', 'media']) {
    line.show({
      type: 'progress',
      repository,
      phase: 'fetch',
      files: { done: 1, total: 4 },
      bytes: { done: 0, total: 0 },
    });
    time += 1_500;
  }
  expect(ran.stderr.split(rewrite).slice(1)).toEqual([
    'tools: fetch, 1 of 4 files',
    '(1 more) tools: fetch, 1 of 4 files',
    '(1 more) tools: fetch, 1 of 4 files',
    '(1 more) tools: fetch, 1 of 4 files',
    'media: fetch, 1 of 4 files',
  ]);
});

test('the line is not rewritten more often than an eye can follow', () => {
  expect(shown({ progressWidth: 80, everyMs: 10 }).split(rewrite)).toHaveLength(3);
});

test('elsewhere progress is a line at the beginning of a phase, and one each ten seconds', () => {
  expect(shown({})).toBe('tools: fetch, 0 of 4 files, 0 B of 4.0 MiB\n');
  expect(shown({ everyMs: 5_000 })).toBe(
    'tools: fetch, 0 of 4 files, 0 B of 4.0 MiB\n' +
      'tools: fetch, 2 of 4 files, 2.0 MiB of 4.0 MiB, 205 KiB/s, 10 s left\n' +
      'tools: fetch, 4 of 4 files, 4.0 MiB of 4.0 MiB, 205 KiB/s, 0 s left\n',
  );
});

test('a program that reads gets no progress', () => {
  expect(shown({ isQuiet: true, progressWidth: 80 })).toBe('');
});

test('work whose end is not known tells how far it is', () => {
  const { terminal, ran } = recorder({ now: () => 0 });
  const unknown: WorkProgress = {
    type: 'progress',
    repository: null,
    phase: 'verify',
    files: { done: 1200, total: null },
    bytes: { done: 5 * mebibyte, total: null },
  };
  progressLine(terminal, false).show(unknown);
  expect(ran.stderr).toBe('verify, 1,200 files, 5.0 MiB\n');
});
