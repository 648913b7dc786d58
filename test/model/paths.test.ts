import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkLinkTarget, checkStructure, quoted } from '../../src/model/paths.js';

describe('a path', () => {
  test.each([
    'a',
    'a/b',
    '.hidden',
    '...',
    'a..b/c.',
    ' ',
    'a b',
    'Ω/größe',
    '\u{1f600}',
    'x'.repeat(255),
    'é'.repeat(127),
  ])('may be %j', (path) => expect(checkStructure(path)).toBeUndefined());

  test.each([
    ['', 'is empty'],
    ['/a', 'has an empty part'],
    ['a/', 'has an empty part'],
    ['a//b', 'has an empty part'],
    ['.', 'has a part "."'],
    ['a/./b', 'has a part "."'],
    ['..', 'has a part ".."'],
    ['a/..', 'has a part ".."'],
    ['a\tb', 'has a control character'],
    ['a\0', 'has a control character'],
    ['a\u007f', 'has a control character'],
    ['a\u0085', 'has a control character'],
    ['\ud83d', 'is not valid Unicode'],
    ['\ud83d/a', 'is not valid Unicode'],
    ['\ude00\ud83d', 'is not valid Unicode'],
    ['x'.repeat(256), 'has a part of more than 255 bytes'],
    ['é'.repeat(128), 'has a part of more than 255 bytes'],
    ['\u{1f600}'.repeat(64), 'has a part of more than 255 bytes'],
  ])('must not be %j: it %s', (path, reason) => expect(checkStructure(path)).toBe(reason));

  test('has at most 4096 bytes', () => {
    const folders = `${'x'.repeat(255)}/`.repeat(15);
    const longest = `${folders}${'x'.repeat(254)}/x`;
    expect(checkStructure(longest)).toBeUndefined();
    expect(checkStructure(`${longest}x`)).toBe('has more than 4096 bytes');
    expect(checkStructure(`${longest.slice(0, -1)}é`)).toBe('has more than 4096 bytes');
  });

  test('is judged as its bytes in UTF-8 are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300, size: 'max' }), (path) => {
        const parts = path.split('/');
        const fine =
          Buffer.from(path).toString() === path &&
          !/\p{Cc}/u.test(path) &&
          parts.every((part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255);
        expect(checkStructure(path) === undefined).toBe(fine);
      }),
    );
  });
});

describe('the target of a link', () => {
  test.each([
    ['a', 'b'],
    ['a', './b//c/'],
    ['a/b/c', '../../d'],
    ['a/b', '..'],
    ['a/b', '...'],
  ])('of %j may be %j', (path, target) => expect(checkLinkTarget(path, target)).toBeUndefined());

  test.each([
    ['a', '', 'is empty'],
    ['a', '/etc/passwd', 'is absolute'],
    ['a', '..', 'leads out of the repository'],
    ['a/b', '../../x', 'leads out of the repository'],
    ['a/b', './.././../x', 'leads out of the repository'],
    ['a/b', 'up/../../x', 'has ".." after a name'],
    ['a', 'b\nc', 'has a control character'],
    ['a', '\udc00', 'is not valid Unicode'],
    ['a', 'x'.repeat(4097), 'has more than 4096 bytes'],
  ])('of %j must not be %j: it %s', (path, target, reason) => expect(checkLinkTarget(path, target)).toBe(reason));
});

test('a path in a message cannot move the cursor, hide or fill the screen', () => {
  expect(quoted('a\u001b[2J\u009b1m"\u007f')).toBe('"a\\u001b[2J\\x9b1m\\"\\x7f"');
  expect(quoted('x'.repeat(5000)).length).toBeLessThan(310);
});
