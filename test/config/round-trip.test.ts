import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maxProblems, ConfigError } from '../../src/config/problems.js';
import { parseSettings } from '../../src/config/settings.js';
import { configText } from '../../src/config/write.js';
import { settings } from './arbitrary-settings.js';

test('what is written reads as the same settings', () => {
  fc.assert(
    fc.property(settings, (before) => {
      expect(parseSettings(configText(before), before.file)).toEqual(before);
    }),
  );
});

test('what is written reads the same with a byte order mark and with the line ends of Windows', () => {
  fc.assert(
    fc.property(settings, (before) => {
      expect(parseSettings(`\ufeff${configText(before).replaceAll('\n', '\r\n')}`, before.file)).toEqual(before);
    }),
    { numRuns: 30 },
  );
});

const pieces = [
  '\t',
  '\n',
  ': ',
  '- ',
  '*a',
  '&a ',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '#',
  '|',
  '!t ',
  '---\n',
  '%',
  '\0',
  '\r',
];
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof(fc.constant(0), fc.nat({ max: 30 })),
  insert: fc.oneof(fc.constant(''), fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 5 })),
});

test('a damaged file is refused with places inside it, or still makes sense, and never does anything else', () => {
  fc.assert(
    fc.property(settings, fc.array(edit, { minLength: 1, maxLength: 4 }), (before, edits) => {
      let text = configText(before);
      for (const { at, remove, insert } of edits) {
        const from = Math.floor(at * text.length);
        text = text.slice(0, from) + insert + text.slice(from + remove);
      }
      const problems = problemsOf(text);
      const lines = text.replace(/^\ufeff/, '').split('\n');
      expect(problems.length).toBeLessThanOrEqual(maxProblems);
      for (const { line, column, message } of problems) {
        expect(column).toBeGreaterThanOrEqual(1);
        expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
        expect(lines[line - 1]).toBeDefined();
        expect(message).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
      }
    }),
    { numRuns: 300 },
  );
});

function problemsOf(text: string): readonly { line: number; column: number; message: string }[] {
  try {
    parseSettings(text, 'depot.yaml');
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
