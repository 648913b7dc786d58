import { parsePage, type PageRef, type ReadPage } from '../../src/manifest/page.js';

/** All pages of a manifest, each before those that it lists. */
export function* pageRefs(root: PageRef, read: ReadPage): Generator<{ ref: PageRef; level: number }> {
  const page = parsePage(read(root), root);
  yield { ref: { sha256: root.sha256, length: root.length }, level: page.level };
  for (const branch of page.branches ?? []) yield* pageRefs(branch, read);
}
