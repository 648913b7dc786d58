import { isAlias, isMap, isNode, isScalar, isSeq, type Alias, type Node, type Pair, type YAMLMap } from 'yaml';
import type { Path } from './problems.js';
import { deepest, mostValues, readYaml, tooDeep, type TextFault } from './syntax.js';

export interface Place {
  /** Where the key begins; that of the nearest mapping around it for what is not there. */
  readonly key: number;
  /** Where the value begins; the key where there is no value. */
  readonly value: number;
}

export interface ConfigDocument {
  /** Plain objects, lists, texts, numbers, booleans and nulls. */
  readonly value: unknown;
  readonly faults: readonly TextFault[];
  /** Paths at or below which `value` says nothing, because of a fault; the empty path where the syntax is broken. */
  readonly unreadable: readonly Path[];
  /** Where a path stands, or the nearest part of it that exists. */
  place(path: Path): Place;
}

/** Reads YAML with its places. Never throws: whatever is wrong is among the faults. */
export function readDocument(text: string): ConfigDocument {
  const yaml = readYaml(text);
  if ('faults' in yaml) return { value: undefined, faults: yaml.faults, unreadable: [[]], place: () => start };
  const { contents } = yaml.document;
  const reading: Reading = {
    faults: [],
    unreadable: [],
    anchors: new Map(),
    targets: new Map(),
    pairs: new Map(),
    values: 0,
  };
  const value = plain(contents, [], reading);
  return { ...reading, value, place: (path) => locate(contents, path, reading) };
}

const start: Place = { key: 0, value: 0 };

interface Reading {
  readonly faults: TextFault[];
  readonly unreadable: Path[];
  readonly anchors: Map<string, Node>;
  /** What the references stand for. */
  readonly targets: Map<Alias, Node>;
  /** By key; the first where a key is repeated. */
  readonly pairs: Map<YAMLMap, Map<string, Pair>>;
  values: number;
}

/** The plain value of a node. Anchors are remembered in the order of the text, as YAML has it. */
function plain(node: unknown, path: Path, reading: Reading): unknown {
  reading.values += 1;
  if (reading.values > mostValues)
    return reading.values === mostValues + 1 ? refuse(reading, undefined, [], tooMany) : undefined;
  if (path.length > deepest) return refuse(reading, node, [], tooDeep);
  if (isAlias(node)) {
    const target = reading.anchors.get(node.source);
    if (target === undefined) return refuse(reading, node, path, unknownReference);
    reading.targets.set(node, target);
    return plain(target, path, reading);
  }
  if (isNode(node) && node.anchor !== undefined) reading.anchors.set(node.anchor, node);
  if (isSeq(node)) return node.items.map((item, at) => plain(item, [...path, at], reading));
  if (isMap(node)) return plainMapping(node, path, reading);
  return isScalar(node) ? node.value : null;
}

const tooMany = `the file holds more than ${mostValues} values, counting what references (*name) repeat`;
const unknownReference = 'a text that begins with * is a reference in YAML; put it in quotes, as in "**/*.bak"';

function plainMapping(node: YAMLMap, path: Path, reading: Reading): Record<string, unknown> {
  const entries = new Map<string, unknown>();
  const pairs = new Map<string, Pair>();
  for (const pair of node.items) {
    const name = nameOf(pair.key);
    const below = [...path, name];
    const value = plain(pair.value, below, reading);
    if (entries.has(name)) {
      const offset = offsetOf(pair.key) ?? 0;
      reading.faults.push({ offset, path: below, message: 'the key is given twice here; keep one' });
    } else {
      entries.set(name, value);
      pairs.set(name, pair);
    }
  }
  reading.pairs.set(node, pairs);
  // Unlike an assignment, this makes an ordinary property of a key `__proto__`.
  return Object.fromEntries(entries);
}

function refuse({ faults, unreadable }: Reading, node: unknown, path: Path, message: string): undefined {
  faults.push({ offset: offsetOf(node) ?? 0, path, message });
  unreadable.push(path);
}

function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function locate(contents: unknown, path: Path, { targets, pairs }: Reading): Place {
  let place = start;
  let node = contents;
  for (const step of path) {
    if (isAlias(node)) node = targets.get(node);
    if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
      node = node.items[step];
      const offset = offsetOf(node) ?? place.value;
      place = { key: offset, value: offset };
    } else if (isMap(node)) {
      const pair = pairs.get(node)?.get(String(step));
      if (pair === undefined) break;
      const key = offsetOf(pair.key) ?? place.key;
      const empty = pair.value === null || (isScalar(pair.value) && pair.value.value === null);
      place = { key, value: empty ? key : (offsetOf(pair.value) ?? key) };
      node = pair.value;
    } else break;
  }
  return place;
}
