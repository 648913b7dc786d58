import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { memberBytes, zipMembers, type ZipMember } from '../../src/encoding/unzip.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { fileEntry, writeZip } from './zips.js';

let folder: string;
const whenDone = afterTheLast();
beforeAll(async () => {
  folder = await temporaryFolder(whenDone);
});

/** A zip that Python makes: `script` writes into the open `file`. */
function byPython(name: string, script: string): Buffer {
  const file = join(folder, name);
  const program = `import sys, zipfile\nfile = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED)\n${script}\nfile.close()`;
  execFileSync('python3', ['-c', program, file]);
  return readFileSync(file);
}

function source(bytes: Uint8Array) {
  return {
    size: bytes.length,
    read: (into: Uint8Array, position: number) => {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
  };
}

function contents(bytes: Uint8Array): Record<string, string> {
  const file = source(bytes);
  return Object.fromEntries(zipMembers(file).map((member) => [member.name, textOf(bytes, member)]));
}

function textOf(bytes: Uint8Array, member: ZipMember): string {
  return Buffer.concat([...memberBytes(source(bytes), member)]).toString();
}

it('reads what another tool wrote, in any name, ZIP64 or not', () => {
  const text = 'x'.repeat(100_000);
  const bytes = byPython(
    'plain.zip',
    `file.writestr('a/long', 'x' * 100000)
file.writestr('grün/ä', 'umlauts')
with file.open('wide', 'w', force_zip64=True) as member: member.write(b'64 bits')
file.writestr(zipfile.ZipInfo('stored'), 'as it is')`,
  );
  expect(contents(bytes)).toEqual({ 'a/long': text, 'grün/ä': 'umlauts', wide: '64 bits', stored: 'as it is' });
});

it('reads a zip behind a program that unpacks itself, and before a comment', () => {
  const bytes = byPython('comment.zip', `file.writestr('a', 'x' * 1000)\nfile.comment = b'PK\\x05\\x06 is no end'`);
  expect(contents(Buffer.concat([Buffer.from('MZ program '.repeat(99)), bytes]))).toEqual({ a: 'x'.repeat(1000) });
});

it('takes a zip that lies in a zip for a file', () => {
  const inner = byPython('inner.zip', `file.writestr('inside', 'x')`);
  writeFileSync(join(folder, 'inner'), inner);
  const bytes = byPython('outer.zip', `file.write('${join(folder, 'inner')}', 'inner.zip', zipfile.ZIP_STORED)`);
  expect(zipMembers(source(bytes)).map(({ name }) => name)).toEqual(['inner.zip']);
});

it('reads names of DOS, and its separators', () => {
  const bytes = byPython(
    'dos.zip',
    `member = zipfile.ZipInfo('gr_n.txt')\nmember.create_system = 0\nfile.writestr(member, 'x')
member = zipfile.ZipInfo('a_b')\nmember.create_system = 0\nfile.writestr(member, 'y')`,
  );
  const changed = Buffer.from(
    bytes.toString('latin1').replaceAll('gr_n.txt', 'gr\x81n.txt').replaceAll('a_b', 'a\\b'),
    'latin1',
  );
  expect(contents(changed)).toEqual({ 'grün.txt': 'x', 'a/b': 'y' });
});

it('says of encrypted members, and of other methods, that they cannot be read', () => {
  const bytes = byPython('bz2.zip', `file.writestr('a', 'x' * 100, zipfile.ZIP_BZIP2)\nfile.writestr('b', 'y')`);
  const at = bytes.lastIndexOf('PK\x01\x02', undefined, 'latin1');
  bytes.writeUInt16LE(bytes.readUInt16LE(at + 8) | 1, at + 8);
  expect(zipMembers(source(bytes)).map(({ flaw }) => flaw)).toEqual([
    'is packed by method 12; only deflate is unpacked',
    'is encrypted',
  ]);
});

it('gives no byte more than a member says to have', () => {
  const bytes = byPython('bomb.zip', `file.writestr('zeros', bytes(50 * 1024 ** 2))`);
  const at = bytes.lastIndexOf('PK\x01\x02', undefined, 'latin1');
  bytes.writeUInt32LE(1000, at + 24);
  const [member] = zipMembers(source(bytes));
  if (member === undefined) throw new Error('no member');
  expect(() => textOf(bytes, member)).toThrow('has more than the 1000 bytes that it says');
});

it('refuses members that share bytes', () => {
  const bytes = byPython('shared.zip', `file.writestr('a', 'x' * 1000)\nfile.writestr('b', 'y' * 1000)`);
  const at = bytes.lastIndexOf('PK\x01\x02', undefined, 'latin1');
  bytes.writeUInt32LE(0, at + 42);
  expect(() => zipMembers(source(bytes))).toThrow('shares bytes');
});

it('notices wrong content', () => {
  const bytes = byPython('wrong.zip', `file.writestr(zipfile.ZipInfo('a'), 'right')`);
  bytes.write('wrong', bytes.indexOf('right'));
  expect(() => contents(bytes)).toThrow('a in the zip file does not have the checksum that it says');
});

it('reads what export writes, whatever it is', async () => {
  const file = join(folder, 'own.zip');
  const files = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.uint8Array({ maxLength: 2000 }), {
    noNullPrototype: true,
  });
  await fc.assert(
    fc.asyncProperty(files, fc.boolean(), async (contentOf, compress) => {
      const entries = Object.entries(contentOf).map(([name, bytes]) =>
        fileEntry(name, bytes.length, 1_600_000_000_000),
      );
      await writeZip(file, entries, ({ path }) => [contentOf[path] ?? new Uint8Array(0)], compress);
      const zipped = readFileSync(file);
      const members = zipMembers(source(zipped));
      const read = members.map((member) => [member.name, Buffer.concat([...memberBytes(source(zipped), member)])]);
      const all = Object.entries(contentOf).map(([name, bytes]) => [name, Buffer.from(bytes)]);
      expect(read).toEqual(all);
      for (const { mtimeMs, mode } of members) expect([mtimeMs, mode]).toEqual([1_600_000_000_000, 0o100644]);
    }),
    { numRuns: 50 },
  );
});

it('refuses any damaged file with an error that says what it is', () => {
  const bytes = byPython('good.zip', `file.writestr('a', 'x' * 1000)\nfile.writestr('b/c', 'y' * 10)`);
  const damage = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255), keep: fc.nat(bytes.length) });
  fc.assert(
    fc.property(damage, ({ at, value, keep }) => {
      const damaged = Buffer.from(bytes.subarray(0, keep));
      if (at < damaged.length) damaged[at] = value;
      try {
        contents(damaged);
      } catch (error) {
        expect(error).toMatchObject({ name: 'DepotError' });
      }
    }),
    { numRuns: 500 },
  );
});
