import type { Change } from '../model/entry.js';
import { quoted } from '../model/paths.js';
import { editsOf } from './difference-edits.js';
import { differenceLines } from './difference-lines.js';
import { editManifest } from './edit.js';
import { damaged, parseCount, parseHash } from './line.js';
import type { ManifestRoot, PageRef, ReadPage, WritePage } from './page.js';
import { formatLine, parseLine, type DifferenceLine } from './stream-lines.js';

/** No line is longer, in UTF-16 units: a path, a link's target and their fields fit. */
const maxLineLength = 16 * 1024;
/** Lines are handed out together up to about this length. */
const chunkLength = 16 * 1024;

/** A difference stream with its head read: the lines that turn the manifest `from` into the manifest `to`. */
export interface Difference {
  readonly from: PageRef;
  readonly to: PageRef;
  /** Can be gone through once. Whoever stops before its end has not seen whether the stream is whole. */
  readonly lines: Iterable<DifferenceLine>;
}

/**
 * The text of a difference stream (README, 5), in pieces.
 * @param changes in the order of paths, all of them, as `diffManifests(from, to)` gives them; gone through more than once
 * @param onLine called before each; may throw
 */
export function* encodeDifference(
  from: PageRef,
  to: PageRef,
  changes: Iterable<Change>,
  read: ReadPage,
  onLine?: () => void,
): Generator<string> {
  let chunk = `depotd-difference\t2\t${from.sha256}\t${from.length}\t${to.sha256}\t${to.length}\n`;
  let count = 0;
  for (const line of differenceLines(from, to, changes, read)) {
    onLine?.();
    chunk += formatLine(line);
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
 * @throws DepotError `manifest-damaged` or `path-refused`, here for the head and while going through the lines for the
 * rest, also where the stream ends early or goes on behind its end
 */
export function decodeDifference(chunks: Iterable<string>): Difference {
  const lines = splitLines(chunks);
  const first = lines.next();
  const { from, to } = parseHead(first.done === true ? '' : first.value);
  return { from, to, lines: parseLines(lines) };
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
  const result = editManifest(from, editsOf(difference.lines, from, read), read, write);
  if (!isSamePage(result, to)) throw damaged(`the difference leads to ${result.sha256} instead of ${to.sha256}`);
  return result;
}

function isSamePage(a: PageRef, b: PageRef): boolean {
  return a.sha256 === b.sha256 && a.length === b.length;
}

function parseHead(line: string): { from: PageRef; to: PageRef } {
  const [form, version, fromHash = '', fromLength = '', toHash = '', toLength = '', ...rest] = line.split('\t');
  if (form !== 'depotd-difference' || version !== '2' || rest.length > 0) {
    throw damaged(`${quoted(line)} is not the first line of a difference stream of format 2`);
  }
  return {
    from: { sha256: parseHash(fromHash), length: parseCount(fromLength) },
    to: { sha256: parseHash(toHash), length: parseCount(toLength) },
  };
}

function* parseLines(texts: Iterable<string>): Generator<DifferenceLine> {
  let count = 0;
  let ended = false;
  for (const text of texts) {
    if (ended) throw damaged('the difference goes on behind its last line');
    if (text.startsWith('.')) {
      if (text !== `.\t${count}`) {
        throw damaged(`the difference has ${count} lines, and ${quoted(text)} as its last one`);
      }
      ended = true;
      continue;
    }
    count += 1;
    yield parseLine(text);
  }
  if (!ended) throw damaged(`the difference is cut off after ${count} lines`);
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
