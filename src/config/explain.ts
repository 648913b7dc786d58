import type * as z from 'zod';
import { formatPath, shown, type Finding, type Path } from './problems.js';
import { configSchema, type JsonSchema } from './schema-file.js';
import { nearest } from './spelling.js';

type Issue = z.core.$ZodIssue;

/** Turns what zod found into what a person reads: what was found, what is allowed, what was probably meant. */
export function explain(issues: readonly Issue[], value: unknown): Finding[] {
  const homes = keyHomes();
  return issues.flatMap((issue) => findings(issue, [], value, homes));
}

function findings(issue: Issue, above: Path, value: unknown, homes: ReadonlyMap<string, readonly string[]>): Finding[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  if (issue.code === 'unrecognized_keys') {
    const allowed = issue.message.split(', ');
    return issue.keys.map((key) => ({ path: [...path, key], at: 'key', message: unknownKey(key, allowed, homes) }));
  }
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.filter((branch) => !branch.some(isOfAnotherKind));
    const meant = branches.find((branch) => !branch.some(namesAnotherKind)) ?? branches[0];
    if (meant !== undefined) return meant.flatMap((inner) => findings(inner, path, value, homes));
  }
  const found = at(value, path);
  if (found === undefined) {
    return [{ path, at: 'key', message: `is missing; ${issue.message}` }];
  }
  const suggestion = typeof found === 'string' ? meantWord(found, issue) : undefined;
  const meant = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  if (found === null && path.length === 0)
    return [{ path, at: 'value', message: `the file is empty; ${issue.message}` }];
  return [{ path, at: 'value', message: `found ${shown(found)}; ${issue.message}${meant}` }];
}

/** A branch of a union that was not meant: it is another word, or a mapping where a list was written. */
function isOfAnotherKind(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

/** Several mappings are told apart by their `kind`; where it is none of theirs, the first is taken for meant. */
function namesAnotherKind(issue: Issue): boolean {
  return issue.path.length === 1 && issue.path[0] === 'kind';
}

function unknownKey(key: string, allowed: readonly string[], homes: ReadonlyMap<string, readonly string[]>): string {
  const suggestion = nearest(key, allowed);
  if (suggestion !== undefined) return `unknown key; did you mean ${suggestion}?`;
  const home = homes.get(key);
  if (home !== undefined) return `unknown key here; it belongs to ${home.join(' or ')}: check the indentation`;
  return `unknown key; allowed here: ${allowed.join(', ')}`;
}

/** YAML 1.2 knows `true` and `false` alone; older habits die hard. */
const habits = new Map([
  ['yes', 'true'],
  ['on', 'true'],
  ['no', 'false'],
  ['off', 'false'],
]);

function meantWord(found: string, issue: Issue): string | undefined {
  const isBoolean = issue.code === 'invalid_type' && issue.expected === 'boolean';
  if (isBoolean) return habits.get(found.toLowerCase()) ?? nearest(found, ['true', 'false']);
  return nearest(found, words(issue));
}

/** The words that an enumeration, or those in a union, would take. */
function words(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.filter((value) => typeof value === 'string');
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(words) : [];
}

function at(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined;
    found = (found as Record<string | number, unknown>)[step];
  }
  return found;
}

/** For each key the places where it is known, as `poll` or `repositories.NAME`. */
function keyHomes(): Map<string, string[]> {
  const homes = new Map<string, string[]>();
  const visit = (schema: JsonSchema, path: Path): void => {
    const { properties = {}, additionalProperties, items, anyOf = [] } = schema;
    for (const [key, inner] of Object.entries(properties)) {
      // What is there belongs to other depots.
      if (path.length === 0 && key === 'sites') continue;
      const known = homes.get(key) ?? [];
      const home = path.length === 0 ? 'the top level' : formatPath(path);
      if (!known.includes(home)) homes.set(key, [...known, home]);
      visit(inner, [...path, key]);
    }
    if (typeof additionalProperties === 'object') visit(additionalProperties, [...path, 'NAME']);
    if (items !== undefined) visit(items, path);
    for (const form of anyOf) visit(form, path);
  };
  visit(configSchema(), []);
  return homes;
}
