import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { everything } from '../../src/model/selection.js';
import { sha256, type Sha256 } from '../../src/model/sha256.js';
import { inlineJobs, type RunJob } from '../../src/store/job.js';
import { relist } from '../../src/store/rebuild.js';
import type { Store } from '../../src/store/store.js';
import { keep, mtimeMs, publish, staged, temporaryStore } from './fixture.js';

test('holds what was admitted, read-only, with its mtime and executable bit, at the path of its hash', async () => {
  const store = await temporaryStore();
  const tool = staged(store, 'tool', { executable: true });
  const text = staged(store, 'text');
  await store.objects.admit([tool, text]);
  const file = store.layout.objectFile(tool.sha256);
  expect(store.objects.checked(tool.sha256)).toEqual({ file, size: 4, mtimeMs, executable: true, links: 1 });
  expect(readFileSync(file, 'utf8')).toBe('tool');
  expect(statSync(file).mode & 0o777).toBe(0o555);
  expect(statSync(store.layout.objectFile(text.sha256)).mode & 0o777).toBe(0o444);
  expect(Math.floor(statSync(file).mtimeMs)).toBe(mtimeMs);
  expect(existsSync(tool.from)).toBe(false);
  expect(store.needsRelist).toBe(false);
});

test('admits a batch that is large enough for one barrier of the whole filesystem', async () => {
  const store = await temporaryStore();
  const contents = Array.from({ length: 200 }, (_, at) => `object ${at}`);
  const shas = await keep(store, ...contents);
  expect(shas.every((sha) => store.objects.has(sha))).toBe(true);
});

test('keeps the object that is held when it is admitted again, and drops the file', async () => {
  const store = await temporaryStore();
  const [held = sha256('')] = await keep(store, 'same');
  const inode = statSync(store.layout.objectFile(held)).ino;
  const again = staged(store, 'same', { executable: true });
  await store.objects.admit([again, again]);
  expect(statSync(store.layout.objectFile(held)).ino).toBe(inode);
  expect(store.objects.checked(held).executable).toBe(false);
  expect(existsSync(again.from)).toBe(false);
});

test('replaces what a crash left under the name of an object', async () => {
  const store = await temporaryStore();
  const object = staged(store, 'whole');
  writeFileSync(store.layout.objectFile(object.sha256), '');
  await store.objects.admit([object]);
  expect(readFileSync(store.layout.objectFile(object.sha256), 'utf8')).toBe('whole');
});

test('refuses a file that has not the promised size, and leaves it where it was', async () => {
  const store = await temporaryStore();
  const object = { ...staged(store, 'five!'), size: 6 };
  await expect(store.objects.admit([object])).rejects.toMatchObject({ code: 'object-damaged' });
  expect(existsSync(object.from)).toBe(true);
  expect(store.objects.has(object.sha256)).toBe(false);
});

test('gives all files of a batch back when one of them cannot be taken', async () => {
  const store = await temporaryStore();
  const good = staged(store, 'good');
  const elsewhere = { ...staged(store, 'elsewhere'), from: join('/dev/shm', `depotd-test-${process.pid}`) };
  writeFileSync(elsewhere.from, 'elsewhere');
  await expect(store.objects.admit([good, elsewhere])).rejects.toMatchObject({ code: 'internal' });
  expect(store.objects.has(good.sha256)).toBe(false);
  expect(readFileSync(good.from, 'utf8')).toBe('good');
  expect(statSync(good.from).mode & 0o200).toBe(0o200);
  expect(store.needsRelist).toBe(false);
});

test('takes bytes as whole files: none is ever gone or cut under a row, where two bring the same object', async () => {
  const store = await temporaryStore();
  const bytes = Buffer.from('in both');
  const object = { sha256: sha256(bytes), size: bytes.length, mtimeMs, executable: false, from: bytes };
  const file = store.layout.objectFile(object.sha256);
  writeFileSync(file, 'in b');
  await store.objects.admit([object]);
  expect(readFileSync(file, 'utf8')).toBe('in both');
  expect(statSync(file).mode & 0o777).toBe(0o444);
  // As one that was announced before the row of the other came.
  store.db.prepare('DELETE FROM objects').run();
  const before = openSync(file, 'r');
  await store.objects.admit([object]);
  expect(fstatSync(before).size).toBe(bytes.length);
  closeSync(before);
  expect(store.objects.checked(object.sha256).links).toBe(1);
  expect(readdirSync(store.layout.staging)).toEqual([]);
});

test('does not call damaged what a crash kept from coming in', async () => {
  const store = await temporaryStore();
  await publish(store, { 'a.txt': 'here' });
  const coming = staged(store, 'on its way');
  store.objects.enlist('tools', [coming.sha256]);
  store.db.prepare('INSERT INTO admissions (hashes) VALUES (?)').run(Buffer.from(coming.sha256, 'hex'));
  expect(store.needsRelist).toBe(true);
  expect(await inlineJobs(store)(relist, {})).toEqual({ files: 0, bytes: 0, damaged: 0 });
  expect(store.needsRelist).toBe(false);
  expect(store.damage.list('tools')).toEqual([]);
  expect(store.heads.completeness('tools', 1)).toEqual([everything]);
  expect(readFileSync(coming.from, 'utf8')).toBe('on its way');
});

test('an object that is found damaged again while its files are put right stays noted', async () => {
  const store = await temporaryStore();
  await publish(store, { 'a.txt': 'here' });
  const object = staged(store, 'once more');
  store.objects.enlist('tools', [object.sha256]);
  await store.objects.admit([object]);
  store.objects.quarantine(object.sha256);
  store.damage.mended('tools', [object.sha256]);
  expect(store.damage.waiting('tools')).toEqual([object.sha256]);
  await store.objects.admit([staged(store, 'once more')]);
  store.damage.mended('tools', [object.sha256]);
  expect(store.damage.list('tools')).toEqual([]);
});

test('knows which repository references an object', async () => {
  const store = await temporaryStore();
  store.objects.enlist('tools', [sha256('a'), sha256('a'), sha256('b')]);
  expect(store.objects.belongs('tools', sha256('b'))).toBe(true);
  expect(store.objects.belongs('other', sha256('b'))).toBe(false);
});

async function read(store: Store, sha: Sha256, run: RunJob = inlineJobs(store)): Promise<string> {
  const { handle, size } = await store.objects.open(sha, run);
  try {
    const text = await handle.readFile('utf8');
    expect(text.length).toBe(size);
    return text;
  } finally {
    await handle.close();
  }
}

const noJobs: RunJob = () => Promise.reject(new Error('no job was expected'));

test('serves an untouched object without hashing it', async () => {
  const store = await temporaryStore();
  const [held = sha256('')] = await keep(store, 'held');
  expect(await read(store, held, noJobs)).toBe('held');
});

test('hashes an object again when its inode changed, once for all who ask, and trusts it from then on', async () => {
  const store = await temporaryStore();
  const [held = sha256('')] = await keep(store, 'held');
  chmodSync(store.layout.objectFile(held), 0o400);
  let jobs = 0;
  const counting: RunJob = async (job, input) => {
    jobs += 1;
    await delay(50);
    return inlineJobs(store)(job, input);
  };
  expect(await Promise.all([read(store, held, counting), read(store, held, counting)])).toEqual(['held', 'held']);
  expect(jobs).toBe(1);
  expect(await read(store, held, noJobs)).toBe('held');
});

const damages: Record<string, (file: string) => void> = {
  'a truncated object': (file) => truncateSync(file, 3),
  'an object of zero length': (file) => truncateSync(file, 0),
  'a flipped bit under an unchanged size and mtime': (file) => {
    const { atime, mtime } = statSync(file);
    const bytes = readFileSync(file);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    utimesSync(file, atime, mtime);
  },
};

test.each(Object.entries(damages))(
  'refuses to serve %s, sets it aside, and is complete no more',
  async (_what, damage) => {
    const store = await temporaryStore();
    const { head } = await publish(store, { 'bin/tool': 'content' });
    await publish(store, { 'bin/other': 'other' }, { repository: 'other' });
    const object = sha256('content');
    chmodSync(store.layout.objectFile(object), 0o644);
    damage(store.layout.objectFile(object));
    await expect(read(store, object)).rejects.toMatchObject({ code: 'object-damaged' });
    expect(store.objects.has(object)).toBe(false);
    expect(existsSync(join(store.layout.quarantine, object))).toBe(true);
    expect(store.heads.completeness('tools', head.generation)).toBeUndefined();
    expect(store.heads.completeness('other', 1)).toEqual([everything]);
    await expect(read(store, object)).rejects.toMatchObject({ code: 'object-missing' });
  },
);

test('forgets an object whose file is gone', async () => {
  const store = await temporaryStore();
  await publish(store, { a: 'content' });
  rmSync(store.layout.objectFile(sha256('content')));
  await expect(read(store, sha256('content'))).rejects.toMatchObject({ code: 'object-missing' });
  expect(store.objects.has(sha256('content'))).toBe(false);
  expect(store.heads.completeness('tools', 1)).toBeUndefined();
});

test('does not take an object for altered because an installation copy got a name of it', async () => {
  const store = await temporaryStore();
  const [held = sha256('')] = await keep(store, 'held');
  const { file, links } = store.objects.checked(held);
  expect(links).toBe(1);
  linkSync(file, join(store.layout.trees, 'name'));
  store.objects.noteLinked([held]);
  expect(await read(store, held, noJobs)).toBe('held');
  expect(store.objects.checked(held).links).toBe(2);
});

test('lets an installation copy use an altered object only after hashing it', async () => {
  const store = await temporaryStore();
  const [good = sha256(''), bad = sha256('')] = await keep(store, 'good', 'bad');
  chmodSync(store.layout.objectFile(good), 0o400);
  chmodSync(store.layout.objectFile(bad), 0o644);
  writeFileSync(store.layout.objectFile(bad), 'BAD');
  expect(store.objects.checked(good).size).toBe(4);
  expect(() => store.objects.checked(bad)).toThrow(expect.objectContaining({ code: 'object-damaged' }));
});
