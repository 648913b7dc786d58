import { comparePaths, type Change } from '../model/entry.js';
import { quoted } from '../model/paths.js';
import { editManifest, editOf, editedPath, type Edit } from './edit.js';
import { damaged, entryLine, maxMtimeMs, parseCount, parseEntry, parseHash, requirePath } from './line.js';
import type { ManifestRoot, PageRef, ReadPage, WritePage } from './page.js';

/** No line is longer, in UTF-16 units: a path, a link's target and their fields fit. */
const maxLineLength = 16 * 1024;
/** Lines are handed out together up to about this length. */
const chunkLength = 16 * 1024;

/** A difference stream with its head read: the edits that turn the manifest `from` into the manifest `to`. */
export interface Difference {
  readonly from: PageRef;
  readonly to: PageRef;
  /** Can be gone through once. Whoever stops before its end has not seen whether the stream is whole. */
  readonly edits: Iterable<Edit>;
}

/**
 * The text of a difference stream (README, 5), in pieces.
 * @param changes in the order of paths, all of them, as `diffManifests(from, to)` gives them
 */
export function* encodeDifference(from: PageRef, to: PageRef, changes: Iterable<Change>): Generator<string> {
  let chunk = `depotd-difference\t1\t${from.sha256}\t${from.length}\t${to.sha256}\t${to.length}\n`;
  let count = 0;
  for (const change of changes) {
    chunk += formatEdit(editOf(change));
    count += 1;
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = '';
  }
  yield `${chunk}.\t${count}\n`;
}

/**
 * Reads a difference stream as it comes; holds one line and one piece of it.
 * @param chunks the text, cut anywhere
 * @throws DepotError `manifest-damaged` or `path-refused`, here for the head and while going through the edits for the
 * rest, also where the stream ends early or goes on behind its end
 */
export function decodeDifference(chunks: Iterable<string>): Difference {
  const lines = splitLines(chunks);
  const first = lines.next();
  const { from, to } = parseHead(first.done === true ? '' : first.value);
  return { from, to, edits: parseEdits(lines) };
}

/**
 * Makes the pages of the manifest `to` from those of `from` and a difference stream between them.
 * @throws DepotError `manifest-damaged` or `path-refused`: where the stream is not whole, is between other manifests, or
 * does not lead to `to`
 */
export function applyDifference(
  chunks: Iterable<string>,
  from: PageRef,
  to: PageRef,
  read: ReadPage,
  write: WritePage,
): ManifestRoot {
  const difference = decodeDifference(chunks);
  if (!isSamePage(difference.from, from) || !isSamePage(difference.to, to)) {
    throw damaged(
      `asked for the difference from ${from.sha256} to ${to.sha256}, got that from ${difference.from.sha256} to ${difference.to.sha256}`,
    );
  }
  const result = editManifest(from, difference.edits, read, write);
  if (!isSamePage(result, to)) throw damaged(`the difference leads to ${result.sha256} instead of ${to.sha256}`);
  return result;
}

function isSamePage(a: PageRef, b: PageRef): boolean {
  return a.sha256 === b.sha256 && a.length === b.length;
}

function formatEdit(edit: Edit): string {
  if ('put' in edit) return `+${entryLine(edit.put)}`;
  if ('delete' in edit) return `-\t${requirePath(edit.delete)}\n`;
  return `=${edit.executable ? 'x' : 'f'}\t${edit.mtimeMs}\t${requirePath(edit.touch)}\n`;
}

function parseHead(line: string): { from: PageRef; to: PageRef } {
  const [form, version, fromHash = '', fromLength = '', toHash = '', toLength = '', ...rest] = line.split('\t');
  if (form !== 'depotd-difference' || version !== '1' || rest.length > 0) {
    throw damaged(`${quoted(line)} is not the first line of a difference stream of format 1`);
  }
  return {
    from: { sha256: parseHash(fromHash), length: parseCount(fromLength) },
    to: { sha256: parseHash(toHash), length: parseCount(toLength) },
  };
}

function* parseEdits(lines: Iterable<string>): Generator<Edit> {
  let before = '';
  let count = 0;
  let ended = false;
  for (const line of lines) {
    if (ended) throw damaged('the difference goes on behind its last line');
    if (line.startsWith('.')) {
      if (line !== `.\t${count}`) {
        throw damaged(`the difference has ${count} edits, and ${quoted(line)} as its last line`);
      }
      ended = true;
      continue;
    }
    const edit = parseEdit(line);
    const path = editedPath(edit);
    if (comparePaths(before, path) >= 0) throw damaged(`in the difference ${quoted(path)} follows ${quoted(before)}`);
    before = path;
    count += 1;
    yield edit;
  }
  if (!ended) throw damaged(`the difference is cut off after ${count} edits`);
}

function parseEdit(line: string): Edit {
  if (line.startsWith('+')) return { put: parseEntry(line.slice(1)) };
  const [kind, ...fields] = line.split('\t');
  const [first = '', second = ''] = fields;
  if (kind === '-' && fields.length === 1) return { delete: requirePath(first) };
  if ((kind === '=f' || kind === '=x') && fields.length === 2) {
    return { touch: requirePath(second), mtimeMs: parseCount(first, maxMtimeMs), executable: kind === '=x' };
  }
  throw damaged(`${quoted(line)} is no line of a difference`);
}

/** The lines of a text that comes in pieces, without their ends. */
function* splitLines(chunks: Iterable<string>): Generator<string> {
  let rest = '';
  for (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield requireLength(line);
    requireLength(rest);
  }
  if (rest !== '') throw damaged(`the difference is cut off within the line ${quoted(rest)}`);
}

function requireLength(line: string): string {
  if (line.length > maxLineLength) throw damaged(`a line of the difference has ${line.length} characters`);
  return line;
}
