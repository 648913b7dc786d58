import { count, plural, span, until } from '../../src/cli/words.js';
import type { Pace } from './company.js';
import type { Act, Arrived } from './show.js';
import type { Standing } from './standings.js';

/** What is happening at this moment, and why; a sentence or two. */
export function narrate(act: Act, all: readonly Standing[], pace: Pace, nowMs: number): string {
  switch (act.kind) {
    case 'starting':
      return 'Packages that npm installed are copied into the source of the origin, about 1,300 real files; each depot gets a certificate.';
    case 'changing':
      return "The files are copied, moved or deleted in the origin's source folder, as an administrator would do it.";
    case 'publishing':
      return publishing(act.progress);
    case 'descending':
      return descending(act.generation, all, pace, nowMs);
    case 'package':
      return act.text + nextWords(act.nextAtMs, nowMs);
    case 'arrived':
      return arrived(act, all, nowMs);
    case 'ending':
      return 'The daemons finish what they are at and end, then the folder is removed.';
  }
}

function publishing(progress: Extract<Act, { kind: 'publishing' }>['progress']): string {
  const files = progress?.files;
  const far =
    files === undefined || files.total === null ? '' : `: ${count(files.done)} of ${plural(files.total, 'file')}`;
  return `The origin looks through its source, reads what is new${far}, and publishes the next generation. Nobody else knows of it yet.`;
}

function descending(generation: number, all: readonly Standing[], pace: Pace, nowMs: number): string {
  const late = (level: string): Standing[] =>
    all.filter(({ place, lag }) => place.level === level && lag !== null && lag.generations > 0);
  const regions = late('region');
  const branches = late('branch');
  if (regions.length > 0) {
    return `Each region polls the origin every ${pace.everySeconds} s${whatTheyDo(regions, nowMs)}. A branch polls its region only, so it comes after.`;
  }
  const [low, high] = [-1, 1].map((sign) => pace.everySeconds * (1 + (sign * pace.branchJitter) / 100));
  return `The regions have generation ${generation}. Branches poll every ${low} to ${high} s, at random, to spread the load${whatTheyDo(branches, nowMs)}.`;
}

/** Those that are down and at work, and the one that polls next: `: lyon is at it, paris polls in 2 s`. */
function whatTheyDo(late: readonly Standing[], nowMs: number): string {
  const down = late.filter(({ mark }) => mark === 'down');
  const busy = late.filter(({ mark }) => mark === 'fetching' || mark === 'comparing' || mark === 'applying');
  const waiting = late.filter(({ mark, nextPollAtMs }) => mark === 'behind' && nextPollAtMs !== null);
  const next = waiting.sort((a, b) => (a.nextPollAtMs ?? 0) - (b.nextPollAtMs ?? 0))[0];
  const parts = [
    ...(down.length === 0 ? [] : [`${areOrIs(down)} down`]),
    ...(busy.length === 0 ? [] : [`${areOrIs(busy)} at it`]),
    ...(next?.nextPollAtMs == null ? [] : [`${next.place.name} polls ${untilMs(next.nextPollAtMs, nowMs)}`]),
  ];
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

/** `lyon is`, `lyon, paris are`. */
function areOrIs(depots: readonly Standing[]): string {
  const names = depots.map(({ place }) => place.name).join(', ');
  return `${names} ${depots.length === 1 ? 'is' : 'are'}`;
}

function arrived(act: Arrived, all: readonly Standing[], nowMs: number): string {
  const { generation, afterMs, different, isHeld, nextAtMs } = act;
  const next = nextWords(nextAtMs, nowMs);
  const holding = all.filter(({ held }) => held > 0).length;
  if (holding > 0) {
    return `${holding} of 6 depots hold the deletions of generation ${generation}: the files are still there. A person decides: depot holds, depot approve.${next}`;
  }
  const where = `Generation ${generation} is at all depots, ${span(afterMs)} after it was published.`;
  if (isHeld) return `${where} Nothing is held any more.${next}`;
  if (different.length > 0) return `${where} diff -r finds differences at ${different.join(', ')}.${next}`;
  return `${where} diff -r finds no difference between the source and the six copies.${next}`;
}

function nextWords(nextAtMs: number | undefined, nowMs: number): string {
  return nextAtMs === undefined ? '' : ` Next change ${untilMs(nextAtMs, nowMs)}.`;
}

function untilMs(atMs: number, nowMs: number): string {
  return until(new Date(atMs).toISOString(), nowMs);
}
