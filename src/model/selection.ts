import picomatch from 'picomatch';
import { sha256, type Sha256 } from './sha256.js';

/**
 * Globs over the paths of one repository. Without `include` everything is in; `exclude` takes away from that. `site`, in a
 * repository of packages: only what is distributed to a depot there.
 */
export interface Selection {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly site?: string | undefined;
}

export const everything: Selection = { include: [], exclude: [] };

/** What a depot follows: every repository whose scope covers its site, or those named. */
export type Follow = 'all' | readonly ({ readonly repository: string } & Selection)[];

/** What a depot wants of one repository: its own selection and those of the depots below it; a path is wanted if any selects it. */
export type Demand = readonly Selection[];

/** Demand by name of the repository. */
export type Demands = Readonly<Record<string, Demand>>;

function isEverything(selection: Selection): boolean {
  return selection.include.length === 0 && selection.exclude.length === 0 && selection.site === undefined;
}

/** One text for selections that say the same in the same words; a key in tables and the wire form of a selection. */
export function selectionKey(selection: Selection): string {
  const sorted = (globs: readonly string[]): string[] => [...new Set(globs)].sort();
  const { site } = selection;
  return JSON.stringify({ include: sorted(selection.include), exclude: sorted(selection.exclude), site });
}

/** The predicate of a selection, compiled once. Leading dots are ordinary characters. What `site` means, packages say. */
export function selector(selection: Selection): (path: string) => boolean {
  if (isEverything(selection)) return () => true;
  const options = { dot: true } as const;
  const included = selection.include.length === 0 ? () => true : picomatch([...selection.include], options);
  const excluded = selection.exclude.length === 0 ? () => false : picomatch([...selection.exclude], options);
  return (path) => included(path) && !excluded(path);
}

export function demandSelector(demand: Demand): (path: string) => boolean {
  const selectors = demand.map(selector);
  return (path) => selectors.some((selects) => selects(path));
}

/** The union, without repetitions and in one order; everything absorbs the rest. */
export function unionDemand(demands: readonly Demand[]): Demand {
  const byKey = new Map<string, Selection>();
  for (const selection of demands.flat()) byKey.set(selectionKey(selection), selection);
  if ([...byKey.values()].some(isEverything)) return [everything];
  return [...byKey.keys()].sort().map((key) => JSON.parse(key) as Selection);
}

/** Whether what was completed for `held` is complete for `wanted` too, told by the words of the selections alone. */
export function covers(held: Demand, wanted: Demand): boolean {
  if (held.some(isEverything)) return true;
  const keys = new Set(held.map(selectionKey));
  return wanted.every((selection) => keys.has(selectionKey(selection)));
}

/** Names a state of the demands: parents keep what a child told them under it, so that it is sent only when it changes. */
export function demandsHash(demands: Demands): Sha256 {
  const names = Object.keys(demands).sort();
  return sha256(JSON.stringify(names.map((name) => [name, unionDemand([demands[name] ?? []])])));
}
