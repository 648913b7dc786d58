import { join } from 'node:path';
import { z } from 'zod';
import { metadataName } from '../model/metadata.js';
import { isName } from '../model/names.js';
import { readOwnJson } from '../store/damaged-file.js';
import type { Store } from '../store/store.js';
import { readRoot } from '../trust/root-facts.js';
import { KeyRing } from './key-ring.js';

const handOverShape = z.object({
  /** The new master depot. */
  to: z.string().refine(isName),
  /** The last generation that was published here. */
  generation: z.number().int().min(1),
  /** The version of the root that names the new master's keys. */
  root: z.number().int().min(2),
});
/** That a repository was given to another master depot. */
export type HandOver = Readonly<z.infer<typeof handOverShape>>;

const file = 'hand-over.json';

/** The root is the commit: what is written before it says only whom it is for. */
export async function keepHandOver(ring: KeyRing, handOver: HandOver, root: Uint8Array): Promise<void> {
  await ring.write(file, `${JSON.stringify(handOver)}\n`);
  await ring.keepRoot({ version: handOver.root, bytes: root });
}

/** To whom this depot gave the repository; undefined where it did not, or has the keys again. */
export function handOverOf({ keys }: Pick<Store, 'keys'>, repository: string): HandOver | undefined {
  const ring = new KeyRing(keys, repository);
  const text = ring.read(file);
  if (text === undefined) return undefined;
  const path = join(keys.folder(repository), file);
  const hint = `restore it from a backup of the folder keys/: it says to whom ${repository} was given`;
  const handOver = readOwnJson(path, text, hint, (value) => handOverShape.parse(value));
  const root = ring.read(metadataName('root', handOver.root));
  const newest = ring.roots().at(-1);
  if (root === undefined || newest === undefined || ring.hasOnline(readRoot(newest.bytes))) return undefined;
  return handOver;
}

/** All roots up to that of the hand-over, the oldest first: by them whoever knows the first one believes it. */
export function handOverChain(
  { keys, signed }: Pick<Store, 'keys' | 'signed'>,
  repository: string,
  { root }: HandOver,
): Uint8Array[] {
  const ring = new KeyRing(keys, repository);
  return Array.from({ length: root }, (_, at) => {
    const name = metadataName('root', at + 1);
    return signed.read(repository, name) ?? Buffer.from(ring.read(name) ?? '');
  });
}

/** The root is taken back, which nobody has seen: the keys that are here count again. */
export function takeBack({ keys }: Pick<Store, 'keys'>, repository: string, { root }: HandOver): void {
  keys.remove(repository, metadataName('root', root));
  keys.remove(repository, file);
}
