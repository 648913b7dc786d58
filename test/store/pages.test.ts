import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { compress } from 'zstd-napi';
import { expect, test } from 'vitest';
import { parsePage } from '../../src/manifest/page.js';
import { readEntries } from '../../src/manifest/read.js';
import { everything } from '../../src/model/selection.js';
import { sha256 } from '../../src/model/sha256.js';
import { headOf, openStore, publish, temporaryStore } from './fixture.js';

const text = 'depotd-page\t1\t0\n';
const refOf = (content: string) => ({ sha256: sha256(content), length: Buffer.byteLength(content) });

test('gives back the text of a page that was written, durably', async () => {
  const { pages } = await temporaryStore();
  const long = `${text}ä line\n`.repeat(1000);
  const ref = pages.write(long);
  expect(ref).toEqual(refOf(long));
  expect(pages.has(ref)).toBe(true);
  await pages.flush();
  expect(pages.read(ref)).toBe(long);
  expect((await pages.readCompressed(ref.sha256))?.length).toBeLessThan(200);
});

test('admits a page from the wire and stores the very bytes', async () => {
  const { pages } = await temporaryStore();
  const bytes = compress(Buffer.from(text), { compressionLevel: 19, checksumFlag: true });
  pages.admit(refOf(text), bytes);
  await pages.flush();
  expect(pages.read(refOf(text))).toBe(text);
  expect(Buffer.from((await pages.readCompressed(sha256(text))) ?? [])).toEqual(bytes);
});

const wrong: Record<string, [Uint8Array, RegExp]> = {
  'a page of another text': [compress(Buffer.from('depotd-page\t1\t1\n')), /does not hash to its name/],
  'a page that is longer than promised': [compress(Buffer.from(`${text}more`)), /does not decompress/],
  'a page that is shorter than promised': [compress(Buffer.from('short')), /has 5 bytes instead of 16/],
  'bytes that are not zstd': [Buffer.from('<html>captive portal</html>'), /does not decompress/],
  'a page that is cut off': [compress(Buffer.from(text)).subarray(0, 12), /does not decompress/],
  nothing: [Buffer.alloc(0), /has 0 bytes/],
};

test.each(Object.entries(wrong))('refuses %s', async (_what, [bytes, message]) => {
  const { pages } = await temporaryStore();
  expect(() => pages.admit(refOf(text), bytes)).toThrow(
    expect.objectContaining({ code: 'manifest-damaged', message: expect.stringMatching(message) }),
  );
  expect(pages.has(refOf(text))).toBe(false);
});

test('refuses a page that is not UTF-8 although it hashes to its name', async () => {
  const { pages } = await temporaryStore();
  const bytes = Buffer.from([0xf0, 0x9f, 0x98]);
  const ref = { sha256: sha256(bytes), length: 3 };
  expect(() => pages.decode(ref, compress(bytes))).toThrow(/is not UTF-8/);
});

test('never makes room for more than a page promises, whatever a bomb unpacks to', async () => {
  const { pages } = await temporaryStore();
  const bomb = compress(Buffer.alloc(512 * 1024 * 1024));
  expect(bomb.length).toBeLessThan(64 * 1024);
  const before = process.memoryUsage.rss();
  for (const frames of [[bomb], [compress(Buffer.from(text)), bomb]]) {
    expect(() => pages.decode(refOf(text), Buffer.concat(frames))).toThrow(/does not decompress to its 16 bytes/);
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(16 * 1024 * 1024);
  expect(() => pages.decode({ ...refOf(text), length: 2 ** 40 }, bomb)).toThrow(/more than a page may have/);
});

test.each([0, 7])(
  'sets a page aside that was truncated to %i bytes, and nothing counts as complete',
  async (length) => {
    const store = await temporaryStore();
    const { head } = await publish(store, { a: 'content' });
    truncateSync(store.layout.pageFile(head.root.sha256), length);
    expect(() => store.pages.read(head.root)).toThrow(expect.objectContaining({ code: 'manifest-damaged' }));
    expect(store.pages.has(head.root)).toBe(false);
    expect(store.heads.newestComplete('tools', [everything])).toBeUndefined();
    expect(() => store.pages.read(head.root)).toThrow(/is not in the store/);
  },
);

test('makes the other pages durable when one was removed meanwhile', async () => {
  const { pages, layout } = await temporaryStore();
  pages.write(text);
  pages.write(`${text}more`);
  rmSync(layout.pageFile(sha256(text)));
  await pages.flush();
});

test('writes a page anew where a crash left half of it', async () => {
  const { pages, layout } = await temporaryStore();
  writeFileSync(layout.pageFile(sha256(text)), compress(Buffer.from(text)).subarray(0, 9));
  pages.write(text);
  expect(pages.read(refOf(text))).toBe(text);
});

test('notes that an old page was asked for, and does not touch one of today', async () => {
  let now = Date.now();
  const store = await temporaryStore({ now: () => now });
  const ref = store.pages.write(text);
  const mtime = (): number => statSync(store.layout.pageFile(ref.sha256)).mtimeMs;
  const written = mtime();
  store.pages.has(ref);
  expect(mtime()).toBe(written);
  now += 3_600_000;
  store.pages.has(ref);
  expect(mtime()).toBeGreaterThan(written + 3_000_000);
});

test('lists all pages', async () => {
  const store = await temporaryStore();
  store.pages.write(text);
  store.pages.write(`${text}more`);
  const listed = [...store.pages.list()].map(({ page }) => page).sort();
  expect(listed).toEqual([sha256(text), sha256(`${text}more`)].sort());
});

test('fetches anew what is broken below a page that is here, and trusts that page again afterwards', async () => {
  const store = await temporaryStore();
  const contents = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`folder/file ${at}`, 'same']));
  const { root } = (await publish(store, contents)).head;
  const { branches = [] } = parsePage(store.pages.read(root), root);
  const [first, second] = branches;
  if (first === undefined || second === undefined) throw new Error('expected a manifest of several pages');
  const bytes = readFileSync(store.layout.pageFile(first.sha256));
  truncateSync(store.layout.pageFile(first.sha256), 20);
  expect(store.pages.has(root)).toBe(true);
  expect(() => [...readEntries(root, store.pages.read)]).toThrow(expect.objectContaining({ code: 'manifest-damaged' }));
  expect(store.pages.has(root)).toBe(false);
  expect(store.pages.has(second)).toBe(true);
  expect(openStore(store.layout.data).pages.has(root)).toBe(false);
  store.pages.admit(first, bytes);
  expect(store.pages.has(root)).toBe(true);
  expect([...readEntries(root, store.pages.read)]).toHaveLength(2000);
});

test('reads what manifests share once to tell which are whole while some page is broken', async () => {
  const store = await temporaryStore();
  const contents = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`folder/file ${at}`, 'same']));
  const { root } = (await publish(store, contents)).head;
  const { root: later } = (await publish(store, { ...contents, z: 'same' }, { generation: 2 })).head;
  const other = openStore(store.layout.data);
  const { branches: [first] = [] } = parsePage(store.pages.read(root), root);
  if (first === undefined) throw new Error('expected a manifest of several pages');
  expect(() => store.pages.read(refOf('nowhere'))).toThrow(/is not in the store/);
  const read: string[] = [];
  const original = store.pages.read;
  const value: typeof original = (ref) => {
    read.push(ref.sha256);
    return original(ref);
  };
  Object.defineProperty(store.pages, 'read', { value });
  expect([root, later].map((ref) => store.pages.has(ref))).toEqual([true, true]);
  expect(new Set(read).size).toBe(read.length);
  expect(read).toContain(first.sha256);
  truncateSync(store.layout.pageFile(first.sha256), 20);
  expect(() => other.pages.read(first)).toThrow(expect.objectContaining({ code: 'manifest-damaged' }));
  expect([root, later].map((ref) => store.pages.has(ref))).toEqual([false, false]);
});

test('takes no offence at a head whose manifest has not come yet', async () => {
  const store = await temporaryStore();
  const { head } = await publish(store, { a: 'content' });
  const early = { sha256: sha256('early'), length: 5, entries: 1, files: 1, bytes: 5 };
  await store.heads.put(headOf(early, { generation: 2 }));
  expect(() => store.pages.read(early)).toThrow(/is not in the store/);
  expect(store.heads.completeness('tools', 1)).toEqual([everything]);
  expect(store.pages.has(head.root)).toBe(true);
});
