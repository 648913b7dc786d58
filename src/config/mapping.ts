import * as z from 'zod';

/** A mapping with these keys and no others. For unknown keys the message is the list of the known ones. */
export function mapping<Shape extends z.core.$ZodLooseShape>(shape: Shape, allowed: string) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : allowed),
  });
}

export function atLeastOne<Item extends z.ZodType>(item: Item, allowed: string) {
  return z.array(item, { error: allowed }).min(1, allowed);
}

export function wholeNumber(highest: number, lowest = 0) {
  const allowed = `allowed: a whole number from ${lowest} to ${highest}`;
  return z.int(allowed).min(lowest, allowed).max(highest, allowed);
}
