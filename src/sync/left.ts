import { ordinary } from '../model/priority.js';
import type { LeftBatch } from '../model/left.js';
import { wantedUnits } from '../model/units.js';
import { demandOf, ownSelection, placeOf, type SyncDepot } from './depot.js';
import { surveyLeftPlan, surveyLeftUnits } from './left-job.js';

interface Survey {
  readonly batches: readonly LeftBatch[];
  readonly atMs: number;
  readonly tookMs: number;
}

/** While something is being fetched a survey is believed for so long, and for ten times as long as it took. */
const youngMs = 5_000;
/** And this long at any time: targets change, objects come with other repositories. */
const oldMs = 300_000;

/** What is not here yet of each repository. Surveys are made when somebody asks, by a job, and remembered for a while. */
export class Left {
  private readonly known = new Map<string, Survey>();
  private readonly running = new Map<string, Promise<Survey>>();

  constructor(private readonly depot: () => SyncDepot) {}

  /** Something of it came, or other things are wanted. */
  changed(repository: string): void {
    const known = this.known.get(repository);
    if (known !== undefined) this.known.set(repository, { ...known, atMs: -Infinity });
  }

  /**
   * In the order in which it is fetched; empty where nothing is known to be missing.
   * @param patienceMs how long a new survey is waited for; then an older one has to do
   */
  async of(repository: string, patienceMs = Infinity): Promise<readonly LeftBatch[]> {
    const { host, board } = this.depot();
    const known = this.known.get(repository);
    const ageMs = known === undefined ? Infinity : host.monotonic() - known.atMs;
    const isMoving = board.read(repository) !== null;
    const mostMs = isMoving ? Math.max(youngMs, 10 * (known?.tookMs ?? 0)) : oldMs;
    if (known !== undefined && ageMs <= mostMs) return known.batches;
    const survey = this.running.get(repository) ?? this.begin(repository);
    if (patienceMs === Infinity) return (await survey).batches;
    const impatience = new AbortController();
    const late = host.sleep(patienceMs, impatience.signal).then(
      () => known,
      () => known,
    );
    try {
      return (await Promise.race([survey, late]))?.batches ?? [];
    } finally {
      impatience.abort();
    }
  }

  private begin(repository: string): Promise<Survey> {
    const { host } = this.depot();
    const startedAtMs = host.monotonic();
    const survey = batchesLeft(this.depot(), repository).then((batches) => {
      const atMs = host.monotonic();
      return { batches, atMs, tookMs: atMs - startedAtMs };
    });
    this.running.set(repository, survey);
    survey
      .then((found) => void this.known.set(repository, found))
      .catch(() => undefined)
      .finally(() => this.running.delete(repository));
    return survey;
  }
}

async function batchesLeft(depot: SyncDepot, repository: string): Promise<LeftBatch[]> {
  const { store, run } = depot;
  const head = store.heads.newestComplete(repository, [])?.head;
  if (head?.kind === 'packages') {
    const [demand, selection] = [demandOf(depot, repository), ownSelection(depot, repository)];
    const { root } = head;
    if (wantedUnits(store.packages.of(root), demand).every(store.units.whole(repository))) return [];
    const [place, nowMs] = [placeOf(depot), depot.host.now()];
    const offers = [...(depot.parents.for(repository)[0]?.offers.of(repository).values() ?? [])];
    return run(surveyLeftUnits, { repository, root, demand, selection, place, nowMs, offers });
  }
  if (store.transfers.totals(repository) === undefined) return [];
  const bytes = await run(surveyLeftPlan, { repository });
  return bytes === 0 ? [] : [{ ...ordinary, bytes, units: [] }];
}

/** Of whom this depot waits for something of a repository; null where what is missing can be fetched. */
export function waitsFor({ parents, store }: SyncDepot, repository: string): string | null {
  const newest = store.heads.newest(repository)?.head.generation ?? 0;
  for (const { client, url, states } of parents.for(repository)) {
    const state = states.get(repository)?.state;
    if (state === undefined) continue;
    const isBehind = (state.complete?.generation ?? 0) < newest;
    return isBehind || (state.missing ?? []).length > 0 ? (client.parentDepot ?? url) : null;
  }
  return null;
}
