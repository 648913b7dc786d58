import { describe, expect, test } from 'vitest';
import { ConfigError, maxProblems } from '../../src/config/problems.js';
import { parseSettings } from '../../src/config/settings.js';

function refusal(text: string): ConfigError {
  try {
    parseSettings(text, 'f');
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

const base = 'depot: a\nsite: e\n';

describe('broken YAML is refused in its place', () => {
  test.each([
    ['a tab as indentation', 'depot: a\n\tsite: e\n', 'f:2:1: found a tab in the indentation; YAML allows spaces only'],
    ['a colon in a plain text', 'depot: a: b\n', 'f:1:8: a "key:" where none can be'],
    ['an indented key', 'depot: a\n  site: e\n', 'or is the next line indented too far?'],
    ['an open quote', 'depot: "a\nsite: e\n', 'f:3:1: not valid YAML: Missing closing "quote'],
    ['an open list', 'depot: [a\nsite: e\n', 'f:2:1: not valid YAML: Flow sequence'],
    ['a key without a colon', 'depot: a\nsite\n', 'f:2:1: not valid YAML: a key without ":" after it'],
    ['a sign that begins nothing', 'depot: @a\n', 'f:1:8: a text that begins with this character must be in quotes'],
    ['an unknown escape', 'depot: "\\q"\n', 'unknown escape after "\\"'],
    ['a tag', 'depot: !name a\n', 'f:1:8: found a tag (!name); tags are not used here'],
    ['a second document', `${base}---\n${base}`, 'a second document begins here (---)'],
    ['a directive', `%YAML 1.1\n---\n${base}`, 'f:1:1: found a directive (%NAME)'],
    ['a list as key', `${base}[a]: b\n`, 'f:3:1: a key must be plain text'],
    ['a control character', 'depot: a\nsite: e\u0007\n', 'f:2:8: found the control character U+0007'],
    ['line ends of the old Macintosh', 'depot: a\rsite: e\r', 'f:1:9: found a line that ends with CR alone'],
    ['a reference to nothing', `${base}data: *nowhere\n`, 'f:3:7: data: a text that begins with * is a reference'],
    ['an empty file', '', 'f:1:1: the file is empty; allowed: a mapping that begins with depot: NAME'],
    ['comments alone', '# depot: a\n', 'f:1:1: the file is empty'],
    ['a list', '- depot: a\n', 'f:1:1: found a list; allowed: a mapping'],
    ['prose', 'hello\n', 'f:1:1: found "hello"; allowed: a mapping'],
  ])('%s', (_, text, message) => expect(refusal(text).message).toContain(message));

  test('several faults at once', () => {
    const { problems, hint } = refusal('depot: @a\nsite: "\\q"\nlog: !x info\n');
    expect(problems.map(({ line }) => line)).toEqual([1, 2, 3]);
    expect(hint).toBe('the settings themselves are checked once the YAML can be read');
  });
});

test('a key given twice is refused at its second place, in all notations, with the other problems', () => {
  expect(refusal(`${base}depot: b\npoll: { every: 5, every: 6m }\nlog: loud\n`).message.split('\n')).toEqual([
    'f:3:1: depot: the key is given twice here; keep one',
    'f:4:16: poll.every: found 5; allowed: a whole number and its unit (ms, s, m, h or d), such as 15m',
    'f:4:19: poll.every: the key is given twice here; keep one',
    'f:5:6: log: found "loud"; allowed: debug, info, warn or error',
  ]);
});

test('places are right behind a byte order mark and with the line ends of Windows', () => {
  expect(refusal(`\ufeffdepot: a b\r\nsite: e\r\n  \r\nlogg: info\r\n`).problems).toMatchObject([
    { line: 1, column: 8, path: 'depot' },
    { line: 4, column: 1, path: 'logg' },
  ]);
});

test('places are right behind a reference', () => {
  const text = `${base}parent: http://127.0.0.1:1
follow:
  - { repository: x, exclude: &junk ["/a"] }
  - { repository: y, exclude: *junk }
`;
  expect(refusal(text).problems).toMatchObject([{ line: 5, column: 38, path: 'follow[0].exclude[0]' }]);
});

describe('a file that means harm costs little', () => {
  const megabyte = 1024 * 1024;
  const bomb = [...'bcdefghij'].map((key, at) => {
    const above = 'abcdefghij'[at] ?? '';
    return `${key}: &${key} [${Array.from({ length: 10 }, () => `*${above}`).join(', ')}]\n`;
  });

  test.each([
    ['references of references', `a: &a [x, x]\n${bomb.join('')}`, 'more than 50000 values'],
    ['a reference to itself', 'a: &a\n  b: *a\n', 'nested more than 32 levels deep'],
    ['brackets', '['.repeat(megabyte), 'f:1:33: lists and mappings are nested more than 32 levels deep'],
    ['dashes', '- '.repeat(megabyte / 2), 'nested more than 32 levels deep'],
    ['mappings in mappings', 'a: {'.repeat(megabyte / 4), 'nested more than 32 levels deep'],
    ['keys', 'k: 1\n'.repeat(megabyte / 5), 'holds more than 400000 words and signs'],
    ['one long text', `depot: "${':@'.repeat(megabyte / 2 - 10)}"`, 'depot: found "***@"'],
  ])('%s', (_, text, message) => {
    const begin = performance.now();
    expect(refusal(text).message).toContain(message);
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  test('and its problems do not scroll everything else away', () => {
    const { problems, message } = refusal(base + Array.from({ length: 40_000 }, (_, at) => `key${at}: 1\n`).join(''));
    expect(problems).toHaveLength(maxProblems);
    expect(message).toMatch(/\n\.\.\. and 39900 more$/);
  });
});

test('what a file holds cannot move the cursor of the terminal that shows its problems', () => {
  const { message } = refusal(`depot: "\\e[2J\\u202e\\u0085x"\n"\\e[31m\\n": 1\nsite: e\n`);
  expect(message).toContain('found "\\u001b[2J\\u202e\\u0085x"');
  expect(message.replaceAll('\n', '')).not.toMatch(/[\0-\x1f\x7f-\x9f\u202e]/);
});
