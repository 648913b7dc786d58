import type { Amount } from './forecast.js';
import { rankOf, type Cargo, type Priority } from './priority.js';

/** What is fetched together. */
export interface LeftBatch extends Cargo {
  /** Sizes of files that are not here: the most that can cross the line. */
  readonly bytes: number;
  /** Of packages, such as `vlc/3`. */
  readonly units: readonly string[];
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

/** The bytes of what is asked for; undefined where nothing of it is left. */
export function bytesOf(left: readonly RepositoryLeft[], asked: Asked): number | undefined {
  const bytes = ownBatches(left, asked, isOf(asked)).reduce((sum, batch) => sum + batch.bytes, 0);
  return bytes === 0 ? undefined : bytes;
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

function ownBatches(
  left: readonly RepositoryLeft[],
  { repository }: Asked,
  isWanted: (batch: LeftBatch) => boolean,
): readonly LeftBatch[] {
  return left.find((each) => each.repository === repository)?.batches.filter(isWanted) ?? [];
}

function isOf({ package: name }: Asked): (batch: LeftBatch) => boolean {
  return ({ units }) => name === null || units.some((unit) => unit.startsWith(`${name}/`));
}

function sumAt(batches: readonly LeftBatch[], rank: number, priority: Priority): number {
  return batches.reduce((sum, batch) => (rankOf(priority, batch) === rank ? sum + batch.bytes : sum), 0);
}
