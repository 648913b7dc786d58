import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkName, displayName, foldKey } from '../../src/model/portable.js';

const everyPolicy = ['portable', 'strict', 'posix'] as const;

describe('names for every system', () => {
  it.each([
    'tool',
    '.hidden',
    ' leading space',
    'a b',
    'Ünïcödé',
    '日本',
    'console',
    'com',
    'com10',
    'lpt0',
    'nul1',
    'a.nul',
    '$x',
  ])('publishes %j', (name) => expect(checkName(name, 'portable')).toBeUndefined());

  it.each([...'<>:"|?*\\'])('holds back a name with %s, which Windows cannot hold', (character) => {
    expect(checkName(`a${character}b`, 'portable')).toContain(`has a ${character}`);
    expect(checkName(`a${character}b`, 'posix')).toBeUndefined();
  });

  it.each([
    'CON',
    'con',
    'Prn.txt',
    'aux.tar.gz',
    'NUL',
    'nul .txt',
    'COM1',
    'com¹',
    'LPT9.log',
    'lpt³',
    'CONIN$',
    'conout$.x',
  ])('holds back the device name %j', (name) => {
    expect(checkName(name, 'portable')).toContain('device');
    expect(checkName(name, 'posix')).toBeUndefined();
  });

  it.each([
    ['ends.', 'dot'],
    ['ends ', 'space'],
    ['...', 'dot'],
    ['e\u0301', 'normal form C'],
  ])('holds back %j: %s', (name, word) => {
    expect(checkName(name, 'portable')).toContain(word);
    expect(checkName(name, 'posix')).toBeUndefined();
  });

  it('holds back brackets under names: strict alone', () => {
    expect(checkName('a[1]', 'strict')).toContain('strict');
    expect(checkName('a[1]', 'portable')).toBeUndefined();
  });

  it.each(everyPolicy)('holds back what no manifest may hold, also under names: %s', (policy) => {
    for (const name of ['', '.', '..', 'a\nb', 'a\u007fb', 'a\u0085b', 'x'.repeat(256), 'ä'.repeat(128)]) {
      expect(checkName(name, policy), JSON.stringify(name)).toBeDefined();
    }
    expect(checkName('x'.repeat(255), policy)).toBeUndefined();
  });
});

describe('the key of twins', () => {
  it.each([
    ['Lib', 'lib'],
    ['é', 'e\u0301'],
    ['É', 'e\u0301'],
    ['straße', 'STRASSE'],
    ['ẞ', 'ß'],
    ['ﬁle', 'file'],
    ['ς', 'Σ'],
    ['\u212a', 'k'],
    ['ı', 'i'],
    ['İ', 'i\u0307'],
    ['\u1e9b\u0323', '\u1e69'],
  ])('is one for %j and %j', (a, b) => expect(foldKey(a)).toBe(foldKey(b)));

  it.each([
    ['İ', 'i'],
    ['²', '2'],
    ['a', 'ä'],
    ['ø', 'o'],
  ])('is not one for %j and %j', (a, b) => expect(foldKey(a)).not.toBe(foldKey(b)));

  it('does not change with case or normal form, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const key = foldKey(name);
        for (const form of ['NFC', 'NFD'] as const) expect(foldKey(name.normalize(form))).toBe(key);
        expect(foldKey(name.toUpperCase())).toBe(key);
        expect(foldKey(name.toLowerCase())).toBe(key);
        expect(foldKey(key)).toBe(key);
      }),
      { numRuns: 5000 },
    );
  });

  it('holds for each character of Unicode', () => {
    const differing: string[] = [];
    for (let point = 0; point < 0x110000; point += 1) {
      if (point >= 0xd800 && point < 0xe000) continue;
      const character = String.fromCodePoint(point);
      const key = foldKey(character);
      const others = [character.toUpperCase(), character.toLowerCase(), character.normalize('NFD'), key];
      if (others.some((other) => foldKey(other) !== key)) differing.push(point.toString(16));
    }
    expect(differing).toEqual([]);
  });
});

describe('a name for people', () => {
  it('shows bytes that are not UTF-8, and control characters, as \\xNN', () => {
    expect(displayName(Uint8Array.of(0x61, 0xff, 0x62, 0x0a))).toBe('a\\xffb\\x0a');
    expect(displayName(Buffer.from('grüße 日本 😀'))).toBe('grüße 日本 😀');
    expect(displayName(Uint8Array.of(0xc3, 0xa4, 0xc3))).toBe('ä\\xc3');
    expect(displayName(Uint8Array.of(0xc2, 0x9b, 0x41))).toBe('\\xc2\\x9bA');
  });
});
