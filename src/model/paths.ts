/** Longest path of a repository, in bytes of UTF-8. */
export const maxPathBytes = 4096;
/** Longest name of a file or folder, in bytes of UTF-8: what Linux file systems hold. */
const maxPartBytes = 255;

const slash = 0x2f;
const dot = 0x2e;

/**
 * Why a path must not stand in any manifest, whatever the naming policy; undefined where it may. A path is relative,
 * made of parts between single `/`, none of them empty, `.` or `..`; it is valid Unicode without control characters
 * (C0, DEL, C1), has at most 4096 bytes of UTF-8, and its parts at most 255. The reason completes "the path …".
 */
export function checkStructure(path: string): string | undefined {
  let bytes = 0;
  let partBytes = 0;
  let partAt = 0;
  for (let at = 0; at <= path.length; at += 1) {
    const unit = at === path.length ? slash : path.charCodeAt(at);
    if (unit === slash) {
      const flaw = partFlaw(path, partAt, at, partBytes);
      if (flaw !== undefined) return flaw;
      partAt = at + 1;
      partBytes = 0;
      bytes += 1;
      continue;
    }
    const flaw = unitFlaw(path, at, unit);
    if (flaw !== undefined) return flaw;
    // A surrogate is half of a character of four bytes.
    const width = unit < 0x80 ? 1 : unit < 0x800 || isSurrogate(unit) ? 2 : 3;
    partBytes += width;
    bytes += width;
    if (bytes > maxPathBytes) return `has more than ${maxPathBytes} bytes`;
  }
  return undefined;
}

function partFlaw(path: string, from: number, to: number, bytes: number): string | undefined {
  const length = to - from;
  if (length === 0) return path === '' ? 'is empty' : 'has an empty part';
  if (length === 1 && path.charCodeAt(from) === dot) return 'has a part "."';
  if (length === 2 && path.charCodeAt(from) === dot && path.charCodeAt(from + 1) === dot) return 'has a part ".."';
  return bytes > maxPartBytes ? `has a part of more than ${maxPartBytes} bytes` : undefined;
}

function unitFlaw(text: string, at: number, unit: number): string | undefined {
  if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return 'has a control character';
  return isSurrogate(unit) && !isPaired(text, at, unit) ? 'is not valid Unicode' : undefined;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function isPaired(text: string, at: number, unit: number): boolean {
  if (unit < 0xdc00) {
    const next = text.charCodeAt(at + 1);
    return next >= 0xdc00 && next <= 0xdfff;
  }
  const before = text.charCodeAt(at - 1);
  return before >= 0xd800 && before <= 0xdbff;
}

/**
 * Why the target of a symbolic link must not stand in any manifest; undefined where it may. It is relative, valid
 * Unicode without control characters, has 1 to 4096 bytes, and stays inside the repository. `..` stands only at its
 * beginning, where it leaves real folders: `dir/..` leads wherever a link `dir` leads, so a chain of such links could
 * escape though each of them looks harmless. The reason completes "the target …".
 */
export function checkLinkTarget(path: string, target: string): string | undefined {
  if (target === '') return 'is empty';
  if (target.startsWith('/')) return 'is absolute';
  for (let at = 0; at < target.length; at += 1) {
    const flaw = unitFlaw(target, at, target.charCodeAt(at));
    if (flaw !== undefined) return flaw;
  }
  if (Buffer.byteLength(target) > maxPathBytes) return `has more than ${maxPathBytes} bytes`;
  let foldersAbove = path.split('/').length - 1;
  let descended = false;
  for (const part of target.split('/')) {
    if (part === '..') {
      if (descended) return 'has ".." after a name';
      foldersAbove -= 1;
      if (foldersAbove < 0) return 'leads out of the repository';
    } else if (part !== '' && part !== '.') {
      descended = true;
    }
  }
  return undefined;
}

/** A path as it may stand in a message: in quotation marks, control characters escaped, cut where it is very long. */
export function quoted(path: string): string {
  const text = path.length > 300 ? `${path.slice(0, 300)}…` : path;
  return JSON.stringify(text).replace(/[\u007f-\u009f]/g, (unit) => `\\x${unit.charCodeAt(0).toString(16)}`);
}
