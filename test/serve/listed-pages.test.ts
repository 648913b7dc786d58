import { randomBytes } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { everything } from '../../src/model/selection.js';
import { sha256, type Sha256 } from '../../src/model/sha256.js';
import { limits } from '../../src/protocol/limits.js';
import { formatPagesRequest, parsePagesRequest } from '../../src/protocol/page-batch.js';
import { ListedPages } from '../../src/serve/listed-pages.js';
import { Store } from '../../src/store/store.js';
import { unsignedHead } from '../harness/heads.js';
import { temporaryFolder } from '../harness/temporary.js';

/** Pages of about so many bytes as they travel, each the root of a generation. */
async function pagesOf(store: Store, sizes: readonly number[]): Promise<Sha256[]> {
  const names: Sha256[] = [];
  for (const [at, size] of sizes.entries()) {
    // Hexadecimal digits travel as half of their number.
    const root = store.pages.write(`depotd-page\t1\t0\n${randomBytes(size).toString('hex')}\n`);
    await store.pages.flush();
    const head = unsignedHead({
      repository: 'tools',
      kind: 'mirror',
      context: 'enterprise',
      epoch: '0'.repeat(32),
      generation: at + 1,
      previous: at === 0 ? null : (store.heads.get('tools', at)?.sha256 ?? null),
      root,
      files: 1,
      bytes: 1,
      publishedAt: new Date(0).toISOString(),
    });
    await store.heads.put(head);
    store.heads.markComplete('tools', at + 1, [everything]);
    names.push(root.sha256);
  }
  return names;
}

it('gives as many pages as an answer may have, and the rest to whoever asks again, one however large it is', async () => {
  const store = Store.open(await temporaryFolder());
  onTestFinished(() => store.close());
  const listed = new ListedPages(store);
  const large = limits.pagesBytes * 1.5;
  let left = await pagesOf(store, [400_000, 400_000, 400_000, large, 400_000]);
  const counts: number[] = [];
  while (left.length > 0) {
    const given = await listed.readMany('tools', left);
    const bytes = given.reduce((sum, page) => sum + (page?.length ?? 0), 0);
    const count = given.filter((page) => page !== undefined).length;
    if (count > 1) expect(bytes).toBeLessThanOrEqual(limits.pagesBytes);
    counts.push(count);
    if (count === 0) break;
    left = left.filter((_, at) => given[at] === undefined);
  }
  expect(counts).toEqual([2, 1, 1, 1]);
});

it('refuses a request that names a page twice', () => {
  const [page, other] = ['page', 'other'].map((text) => ({ sha256: sha256(text), length: 1 }));
  if (page === undefined || other === undefined) return expect.fail();
  expect(parsePagesRequest(formatPagesRequest([page, other]))).toEqual([page.sha256, other.sha256]);
  expect(() => parsePagesRequest(formatPagesRequest([page, other, page]))).toThrow(`names ${page.sha256} twice`);
});
