import type { Amount } from './forecast.js';
import { rankOf, type Cargo, type Priority } from './priority.js';

/** What is fetched together. */
export interface LeftBatch extends Cargo {
  /** What can cross the line for files that are not here, at most. */
  readonly bytes: number;
  /** Of packages, such as `vlc/3`, each with what it lacks that those before it do not bring. */
  readonly units: readonly { readonly name: string; readonly bytes: number }[];
}

/** What is not here of a repository, in the order in which it is fetched. */
export interface RepositoryLeft {
  readonly repository: string;
  /** What this depot says of the repository. */
  readonly priority: Priority;
  readonly batches: readonly LeftBatch[];
}

/** What a forecast is asked for: a repository, or a package of it. */
export interface Asked {
  readonly repository: string;
  readonly package: string | null;
}

/** The bytes of what is asked for; null where nothing of it is left. */
export function bytesLeft(left: readonly RepositoryLeft[], asked: Asked): number | null {
  const batches = left.find(({ repository }) => repository === asked.repository)?.batches.filter(isOf(asked)) ?? [];
  if (batches.length === 0) return null;
  if (asked.package === null) return sum(batches);
  return sum(batches.flatMap(({ units }) => units.filter(isOfPackage(asked.package ?? ''))));
}

/**
 * What crosses the line until all that is asked for has come: itself, whatever goes before it, and of what goes beside it,
 * taking turns with it, as much.
 */
export function amountUntil(left: readonly RepositoryLeft[], asked: Asked): Amount {
  const amount = { urgent: 0, ordinary: 0 };
  const ownLeft = left.find(({ repository }) => repository === asked.repository);
  if (ownLeft === undefined) return amount;
  const add = (batch: Cargo, bytes: number): void => {
    amount[batch.urgent ? 'urgent' : 'ordinary'] += bytes;
  };
  const end = ownLeft.batches.findLastIndex(isOf(asked));
  const own = ownLeft.batches.slice(0, end + 1);
  for (const batch of own) add(batch, batch.bytes);
  const last = own.at(-1);
  if (last === undefined) return amount;
  const lastRank = rankOf(ownLeft.priority, last);
  const atLastRank = sumAt(own, lastRank, ownLeft.priority);
  for (const { repository, priority, batches } of left) {
    if (repository === asked.repository) continue;
    for (const batch of batches) if (rankOf(priority, batch) < lastRank) add(batch, batch.bytes);
    add(last, Math.min(atLastRank, sumAt(batches, lastRank, priority)));
  }
  return amount;
}

function isOf({ package: name }: Asked): (batch: LeftBatch) => boolean {
  return ({ units }) => name === null || units.some(isOfPackage(name));
}

function isOfPackage(name: string): (unit: { readonly name: string }) => boolean {
  return (unit) => unit.name.startsWith(`${name}/`);
}

function sumAt(batches: readonly LeftBatch[], rank: number, priority: Priority): number {
  return sum(batches.filter((batch) => rankOf(priority, batch) === rank));
}

function sum(parts: readonly { readonly bytes: number }[]): number {
  return parts.reduce((total, { bytes }) => total + bytes, 0);
}
