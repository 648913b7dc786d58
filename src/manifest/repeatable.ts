/** Of so many changes the pages are kept in memory that their strings are cut from; beyond, they are looked for anew. */
const mostKept = 5_000;

/**
 * What `find` gives, to be gone through several times. Few items are found once and kept; many are found each time again, so
 * that memory stays bounded.
 */
export function repeatable<Item>(find: () => Iterable<Item>): Iterable<Item> {
  let kept: readonly Item[] | undefined;
  return {
    *[Symbol.iterator]() {
      if (kept !== undefined) {
        yield* kept;
        return;
      }
      const found: Item[] = [];
      let count = 0;
      for (const item of find()) {
        count += 1;
        if (count <= mostKept) found.push(item);
        yield item;
      }
      if (count <= mostKept) kept = found;
    },
  };
}
