import { CST, Lexer, parseDocument, type Document, type YAMLError } from 'yaml';
import type { Path } from './problems.js';

/** A fault with its place as an offset into the text. */
export interface TextFault {
  readonly offset: number;
  readonly path: Path;
  readonly message: string;
}

/** The nodes of a text that is YAML 1.2; or all that is wrong with its syntax, and never a word of what stands in it. */
export function readYaml(text: string): { readonly document: Document.Parsed } | { readonly faults: TextFault[] } {
  const characters = characterFaults(text);
  if (characters.length > 0) return { faults: characters };
  const heavy = tooMuch(text);
  if (heavy !== undefined) return { faults: [heavy] };
  const document = parseDocument(text, {
    version: '1.2',
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
    resolveKnownTags: false,
    logLevel: 'error',
  });
  const faults = [...document.errors, ...document.warnings].map((error) => ({
    offset: Math.min(error.pos[0], text.length),
    path: [],
    message: sentence(error),
  }));
  if (document.directives.yaml.explicit === true) faults.push({ offset: 0, path: [], message: noDirectives });
  return faults.length > 0 ? { faults } : { document };
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

/** Levels of lists and mappings; a configuration has five. */
export const deepest = 32;
export const mostValues = 50_000;
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
export const tooDeep = `lists and mappings are nested more than ${deepest} levels deep`;

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
