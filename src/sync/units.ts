import { ordinary, rankOf } from '../model/priority.js';
import { unitName, type Unit } from '../model/units.js';

/** A unit that is not whole here yet. */
export interface PlannedUnit extends Unit {
  /** The revision before it, which it is fetched as the difference to; null where there is none. */
  readonly base: number | null;
  /** Only depots below want it. */
  readonly relay: boolean;
  /** An urgent release needs it, here or below. */
  readonly urgent: boolean;
}

/** Units that are fetched together: about so many bytes, so that small ones do not wait for large ones. */
const batchBytes = 64 * 1024 ** 2;

/**
 * The units to be fetched, in batches: what urgent releases need, then by priority, and of one priority small packages first.
 * Units of one batch are alike in both. Revisions of one package follow each other in batches of their own, each being the
 * base of the next; only what is urgent does not wait for the revisions before it.
 * @param absent units that the parent has not whole itself; `*`: it cannot name them all
 */
export function batchesOf(units: readonly PlannedUnit[], absent: readonly string[]): PlannedUnit[][] {
  if (absent.includes('*')) return [];
  const lacking = new Set(absent);
  const byRank = new Map<number, PlannedUnit[]>();
  for (const unit of units) {
    if (lacking.has(unitName(unit))) continue;
    const rank = rankOf(ordinary.priority, unit);
    byRank.set(rank, [...(byRank.get(rank) ?? []), unit]);
  }
  return [...byRank].sort(([a], [b]) => a - b).flatMap(([, alike]) => batchesOfAlike(alike));
}

function batchesOfAlike(units: readonly PlannedUnit[]): PlannedUnit[][] {
  const byPackage = new Map<string, PlannedUnit[]>();
  for (const unit of units) byPackage.set(unit.package, [...(byPackage.get(unit.package) ?? []), unit]);
  const packages = [...byPackage.values()].sort((a, b) => sizeOf(a) - sizeOf(b));
  const batches: PlannedUnit[][] = [];
  let group: PlannedUnit[][] = [];
  const endGroup = (): void => {
    const deepest = Math.max(0, ...group.map(({ length }) => length));
    for (let depth = 0; depth < deepest; depth += 1) {
      batches.push(group.flatMap((revisions) => revisions[depth] ?? []));
    }
    group = [];
  };
  for (const revisions of packages) {
    if (group.length > 0 && sizeOf([...group.flat(), ...revisions]) > batchBytes) endGroup();
    group.push(revisions);
  }
  endGroup();
  return batches;
}

function sizeOf(units: readonly Unit[]): number {
  return units.reduce((sum, { bytes }) => sum + bytes, 0);
}
