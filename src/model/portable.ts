import { isUtf8 } from 'node:buffer';
import { checkStructure } from './paths.js';

/**
 * Which names of a source are published. `portable`: what Windows, macOS and Linux can all hold. `strict`: without `[`
 * and `]` too. `posix`: whatever a manifest can hold, though some clients then cannot hold the tree.
 */
export type NamePolicy = 'portable' | 'strict' | 'posix';

const refusedByWindows = /[<>:"|?*\\]/;
const bracket = /[[\]]/;
const device = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9¹²³]) *(?:\.|$)/i;

/**
 * Why the name of a file, link or folder is not published under the policy; undefined where it is. Of Windows' rules a
 * leading space is none: all three systems keep it. The 255 bytes of Linux imply the 255 UTF-16 units of the others.
 * The reason completes "the name …".
 */
export function checkName(name: string, policy: NamePolicy): string | undefined {
  const flaw = checkStructure(name);
  if (flaw !== undefined || policy === 'posix') return flaw;
  const refused = refusedByWindows.exec(name);
  if (refused !== null) return `has a ${refused[0]}, which Windows cannot hold`;
  if (policy === 'strict' && bracket.test(name)) return 'has a [ or ], which "names: strict" refuses';
  if (name.endsWith('.')) return 'ends with a dot, which Windows drops';
  if (name.endsWith(' ')) return 'ends with a space, which Windows drops';
  if (device.test(name)) return 'stands for a device on Windows';
  if (name !== name.normalize('NFC'))
    return 'is not in Unicode normal form C (composed), so that systems would disagree on it';
  return undefined;
}

/**
 * Two names in one folder with the same key are twins: there is a file system that takes them for one. It is full case
 * folding without a locale over canonical equivalence: NFD, lower case, upper case with the mappings that lengthen, NFC.
 * The coarsest system decides (APFS, ext4 with casefold): `ß`, `ẞ`, `ss` and `SS` are twins, and so are `ﬁ` and `fi`,
 * `ς` and `σ`, `ı` and `i`, the Kelvin sign and `k`. Not twins: `İ` and `i`, since the dot stays as a character of its
 * own, and `²` and `2`, whose likeness is one of looks only.
 */
export function foldKey(name: string): string {
  return name.normalize('NFD').toLowerCase().toUpperCase().normalize('NFC');
}

/** A name as `HeldBack` shows it: control characters and bytes that are not UTF-8 as `\xNN`, all else as it is. */
export function displayName(name: Uint8Array): string {
  let text = '';
  for (let at = 0; at < name.length;) {
    const character = name.subarray(at, at + widthAt(name, at));
    const shown = isUtf8(character) ? Buffer.from(character).toString('utf8') : undefined;
    text += shown === undefined || /\p{Cc}/u.test(shown) ? escaped(character) : shown;
    at += character.length;
  }
  return text;
}

/** Bytes of the character that begins here; 1 where none does. */
function widthAt(name: Uint8Array, at: number): number {
  for (let width = 1; width <= 4; width += 1) {
    if (at + width <= name.length && isUtf8(name.subarray(at, at + width))) return width;
  }
  return 1;
}

function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
