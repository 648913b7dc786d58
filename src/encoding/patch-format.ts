import { DepotError } from '../model/errors.js';

/** What a patch begins with; PATCH.md has the format. */
export const patchMagic = Buffer.from('depotd-patch 1\n');

/** The streams of a patch, in the order in which they lie in it. */
export const patchStreams = ['steps', 'gaps', 'changes', 'added'] as const;

export type PatchStream = (typeof patchStreams)[number];

export function damagedPatch(what: string, cause?: unknown): DepotError {
  return new DepotError('object-damaged', `a patch ${what}`, { cause });
}
