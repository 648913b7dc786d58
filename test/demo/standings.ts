import type { CycleProgress } from '../../src/model/cycle-status.js';
import type { DepotStatus, RepositoryStatus } from '../../src/model/status.js';
import { places, repository, type Place } from './company.js';

/** What a depot last said of itself. */
export interface Sight {
  /** Undefined before its daemon has answered for the first time. */
  readonly status: DepotStatus | undefined;
  readonly answers: boolean;
}

/** What one depot is doing, in one word. */
export type Mark =
  | 'starting'
  | 'down'
  | 'unpublished'
  | 'scanning'
  | 'published'
  | 'comparing'
  | 'fetching'
  | 'applying'
  | 'failed'
  | 'behind'
  | 'held'
  | 'current';

/** How one depot stands, as the picture shows it. */
export interface Standing {
  readonly place: Place;
  readonly mark: Mark;
  readonly generation: number | null;
  readonly files: number | null;
  readonly bytes: number | null;
  /** Behind the origin, whether the depot knows it yet or not. Null where there is nothing to be behind of. */
  readonly lag: { readonly generations: number; readonly seconds: number } | null;
  readonly publishedAtMs: number | null;
  readonly polledAtMs: number | null;
  readonly nextPollAtMs: number | null;
  readonly cycle: CycleProgress | null;
  /** Files whose deletion waits for a person. */
  readonly held: number;
  /** Why its last poll failed. */
  readonly error: string | null;
}

/**
 * All depots in the order of `places`. A depot learns that there is a newer generation when it polls; the one who looks
 * at the whole tree knows before, so lag is counted from what the origin published, and when.
 *
 * @param published when each generation was published, in milliseconds since 1970
 */
export function standings(
  sights: ReadonlyMap<string, Sight>,
  published: ReadonlyMap<number, number>,
  nowMs: number,
): Standing[] {
  const newest = Math.max(0, ...published.keys());
  return places.map((place) => {
    const sight = sights.get(place.name);
    const status = sight?.status?.repositories.find(({ name }) => name === repository);
    const generation = status?.generation ?? null;
    const lag = newest === 0 ? null : lagOf(generation ?? 0, newest, published, nowMs);
    const error = errorOf(sight?.status, status, place);
    const held = status?.holds.reduce((sum, { files }) => sum + files, 0) ?? 0;
    return {
      place,
      mark: markOf(sight, status, place, { behind: lag?.generations ?? 0, held, isFailed: error !== null }),
      generation,
      files: status?.files ?? null,
      bytes: status?.bytes ?? null,
      lag,
      publishedAtMs: timeOf(status?.publishedAt),
      polledAtMs: timeOf(status?.poll?.lastAt),
      nextPollAtMs: timeOf(status?.poll?.nextAt),
      cycle: status?.cycle ?? null,
      held,
      error,
    };
  });
}

function errorOf(
  depot: DepotStatus | undefined,
  status: RepositoryStatus | undefined,
  { parent }: Place,
): string | null {
  if (depot?.parents.some(({ answers }) => answers === 'no') === true) return `no answer from ${parent}`;
  return status?.error?.message ?? null;
}

function markOf(
  sight: Sight | undefined,
  status: RepositoryStatus | undefined,
  { level }: Place,
  { behind, held, isFailed }: { behind: number; held: number; isFailed: boolean },
): Mark {
  if (sight?.status === undefined) return 'starting';
  if (!sight.answers) return 'down';
  if (level === 'origin') {
    if (status?.source?.scanning === true) return 'scanning';
    return status?.generation == null ? 'unpublished' : 'published';
  }
  const phase = behind > 0 ? status?.cycle?.phase : undefined;
  if (phase === 'fetch') return 'fetching';
  if (phase === 'apply') return 'applying';
  if (phase === 'head' || phase === 'diff' || phase === 'plan') return 'comparing';
  if (isFailed) return 'failed';
  if (behind > 0 || status?.generation == null) return 'behind';
  return held > 0 ? 'held' : 'current';
}

function lagOf(
  generation: number,
  newest: number,
  published: ReadonlyMap<number, number>,
  nowMs: number,
): { generations: number; seconds: number } {
  const missing = [...published].filter(([each]) => each > generation).map(([, atMs]) => atMs);
  const seconds = missing.length === 0 ? 0 : Math.max(0, Math.round((nowMs - Math.min(...missing)) / 1000));
  return { generations: Math.max(0, newest - generation), seconds };
}

function timeOf(time: string | null | undefined): number | null {
  return time == null ? null : Date.parse(time);
}
