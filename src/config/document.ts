import { isAlias, isMap, isNode, isScalar, isSeq, parseDocument, CST, Lexer } from 'yaml';
import type { Alias, Node, YAMLError, YAMLMap } from 'yaml';
import type { Path } from './problems.js';

/** A fault of the text itself, with its place as an offset into it. */
export interface TextFault {
  readonly offset: number;
  readonly path: Path;
  readonly message: string;
}

export interface Place {
  /** Where the key begins; that of the nearest mapping around it for list items and for what is not there. */
  readonly key: number;
  /** Where the value begins; the key where there is no value. */
  readonly value: number;
}

export interface ConfigDocument {
  /** Plain objects, lists, texts, numbers, booleans and nulls. */
  readonly value: unknown;
  readonly faults: readonly TextFault[];
  /** Whether the structure can be relied on: with broken syntax, `value` would show problems that are not there. */
  readonly sound: boolean;
  /** Where a path stands, or the nearest part of it that exists. */
  place(path: Path): Place;
}

/** Reads YAML 1.2 with its places. Never throws: whatever is wrong is among the faults. */
export function readDocument(text: string): ConfigDocument {
  const characters = characterFaults(text);
  if (characters.length > 0) return unsound(characters);
  const heavy = tooMuch(text);
  if (heavy !== undefined) return unsound([heavy]);
  // What the library would print or append (excerpts of the file) could hold secrets.
  const document = parseDocument(text, {
    version: '1.2',
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
    resolveKnownTags: false,
    logLevel: 'error',
  });
  const reading: Reading = { faults: [], targets: new Map(), anchors: new Map(), values: 0 };
  if (document.directives.yaml.explicit === true) {
    fault(reading, undefined, [], noDirectives);
  }
  const syntax = [...document.errors, ...document.warnings].map((error) => ({
    offset: Math.min(error.pos[0], text.length),
    path: [],
    message: sentence(error),
  }));
  if (syntax.length > 0) return unsound(syntax);
  const value = plain(document.contents, [], reading);
  return {
    value,
    faults: reading.faults,
    sound: true,
    place: (path) => locate(document.contents, path, reading.targets),
  };
}

const start: Place = { key: 0, value: 0 };

function unsound(faults: readonly TextFault[]): ConfigDocument {
  return { value: undefined, faults, sound: false, place: () => start };
}

/** The first of each kind; a binary file would give thousands. */
function characterFaults(text: string): TextFault[] {
  const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.exec(text);
  const lone = /\r(?!\n)/.exec(text);
  const faults: TextFault[] = [];
  if (control !== null) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    const message = `found the control character U+${code}; the file must be plain text`;
    faults.push({ offset: control.index, path: [], message });
  }
  if (lone !== null) {
    const message = 'found a line that ends with CR alone; lines must end with LF or CR LF';
    faults.push({ offset: lone.index, path: [], message });
  }
  return faults;
}

const deepest = 32;
const mostValues = 50_000;
const mostTokens = 8 * mostValues;

/** The parser takes a kilobyte a token and a stack frame a level: what would exhaust it is refused before. */
function tooMuch(text: string): TextFault | undefined {
  let [offset, tokens, flow, block] = [0, 0, 0, 0];
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type === 'newline') block = 0;
    if (type === 'seq-item-ind' || type === 'explicit-key-ind') block += 1;
    if (type === 'flow-seq-start' || type === 'flow-map-start') flow += 1;
    if (type === 'flow-seq-end' || type === 'flow-map-end') flow -= 1;
    tokens += 1;
    if (flow > deepest || block > deepest) return { offset, path: [], message: tooDeep };
    if (tokens > mostTokens) return { offset, path: [], message: tooLong };
    if (!marks.has(token)) offset += token.length;
  }
  return undefined;
}

const tooLong = `the file holds more than ${mostTokens} words and signs; a configuration has a few hundred`;
const tooDeep = `lists and mappings are nested more than ${deepest} levels deep`;

/** Marks that the lexer puts between the pieces of the text; they take no room in it. */
const marks: ReadonlySet<string> = new Set([CST.DOCUMENT, CST.FLOW_END, CST.SCALAR]);

const noDirectives = 'found a directive (%NAME); the file is read as YAML 1.2 without any';

const sentences: Partial<Record<YAMLError['code'], string>> = {
  BAD_DQ_ESCAPE:
    'unknown escape after "\\" in a text in double quotes; write "\\\\" for a backslash, or use single quotes',
  BAD_SCALAR_START: 'a text that begins with this character must be in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a "key:" where none can be: a text with ": " in it must be in quotes; or is the next line indented too far?',
  BAD_DIRECTIVE: noDirectives,
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MULTILINE_IMPLICIT_KEY: 'a line without "key: value"; is there a colon or a space missing, or a quote?',
  MULTIPLE_DOCS: 'a second document begins here (---); the file must hold one',
  NON_STRING_KEY: 'a key must be plain text',
  RESOURCE_EXHAUSTION: tooDeep,
  TAB_AS_INDENT: 'found a tab in the indentation; YAML allows spaces only',
  TAG_RESOLVE_FAILED: 'found a tag (!name); tags are not used here',
};

/** What the library says, in our words, or cut before it quotes the file. */
function sentence(error: YAMLError): string {
  const own = sentences[error.code];
  if (own !== undefined) return own;
  const said = error.code === 'UNEXPECTED_TOKEN' ? error.message.replace(/: .*$/s, '') : error.message;
  return `not valid YAML: ${said === valueMissing ? 'a key without ":" after it' : said}`;
}

const valueMissing = 'Implicit map keys need to be followed by map values';

interface Reading {
  readonly faults: TextFault[];
  /** What the references stand for. */
  readonly targets: Map<Alias, Node>;
  readonly anchors: Map<string, Node>;
  values: number;
}

/** The plain value of a node. Anchors are remembered in the order of the text, as YAML has it. */
function plain(node: unknown, path: Path, reading: Reading): unknown {
  reading.values += 1;
  if (reading.values > mostValues) {
    if (reading.values === mostValues + 1) {
      fault(
        reading,
        undefined,
        [],
        `the file holds more than ${mostValues} values, counting what references (*name) repeat`,
      );
    }
    return undefined;
  }
  if (path.length > deepest) return fault(reading, node, [], tooDeep);
  if (isAlias(node)) {
    const target = reading.anchors.get(node.source);
    if (target === undefined) {
      const message = 'a text that begins with * is a reference in YAML; put it in quotes, as in "**/*.bak"';
      return fault(reading, node, path, message);
    }
    reading.targets.set(node, target);
    return plain(target, path, reading);
  }
  if (isNode(node) && node.anchor !== undefined) reading.anchors.set(node.anchor, node);
  if (isSeq(node)) return node.items.map((item, at) => plain(item, [...path, at], reading));
  if (isMap(node)) return plainMapping(node, path, reading);
  return isScalar(node) ? node.value : null;
}

function plainMapping(node: YAMLMap, path: Path, reading: Reading): Record<string, unknown> {
  const entries = new Map<string, unknown>();
  for (const { key, value } of node.items) {
    const name = nameOf(key);
    const inner = plain(value, [...path, name], reading);
    if (entries.has(name)) fault(reading, key, [...path, name], 'the key is given twice here; keep one');
    else entries.set(name, inner);
  }
  // Unlike an assignment, this makes an ordinary property of a key `__proto__`.
  return Object.fromEntries(entries);
}

function fault(reading: Reading, node: unknown, path: Path, message: string): undefined {
  reading.faults.push({ offset: offsetOf(node) ?? 0, path, message });
}

function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function locate(contents: unknown, path: Path, targets: ReadonlyMap<Alias, Node>): Place {
  let place = start;
  let node = contents;
  for (const step of path) {
    if (isAlias(node)) node = targets.get(node);
    if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
      node = node.items[step];
      const offset = offsetOf(node) ?? place.value;
      place = { key: offset, value: offset };
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => nameOf(key) === step);
      if (pair === undefined) break;
      const key = offsetOf(pair.key) ?? place.key;
      const empty = pair.value === null || (isScalar(pair.value) && pair.value.value === null);
      place = { key, value: empty ? key : (offsetOf(pair.value) ?? key) };
      node = pair.value;
    } else break;
  }
  return place;
}
