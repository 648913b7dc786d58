import type { Forecast } from './forecast.js';
import type { Rate } from './rate.js';

/** Why nobody can say when; `not-planned`: how much there is to fetch is not known yet. */
export type NoForecast = NonNullable<Forecast['because']> | 'not-planned';

/** When all that this depot lacks of a repository, or of a package of it, will be here. */
export interface ForecastStatus {
  readonly repository: string;
  readonly package: string | null;
  /** When it is fetched next, where content of packages has an interval of its own; null where nothing keeps it. */
  readonly contentAt: string | null;
  /** What can cross the line for files that are not here, at most; null before there is a plan. */
  readonly bytesLeft: number | null;
  /** What crosses the line before it, or in turns with it. */
  readonly bytesBefore: number;
  /** At the latest, as far as windows, rates and what was measured tell. */
  readonly doneAt: string | null;
  /** Null where `doneAt` is not. */
  readonly reason: NoForecast | null;
  /** The parent that does not have all of it itself yet: its own forecast comes before this one. */
  readonly waitsFor: string | null;
  /** How it was reckoned: what comes at which rate, from now on. */
  readonly legs: readonly LegStatus[];
}

export interface LegStatus {
  readonly from: string;
  readonly until: string;
  readonly rate: Rate;
  /** What is reckoned with: the rate, or less where less was measured. */
  readonly bytesPerSecond: number;
  readonly bytes: number;
}

/** How many times the line is open until all has come: legs beside each other are one. */
export function timesOpen(legs: readonly Pick<LegStatus, 'rate'>[]): number {
  return legs.filter(({ rate }, at) => rate !== 'closed' && (at === 0 || legs[at - 1]?.rate === 'closed')).length;
}

/** What a row of a report has of it. The reason may be one that only a newer depot knows. */
export interface RowForecast extends Pick<ForecastStatus, 'bytesLeft' | 'doneAt' | 'waitsFor'> {
  readonly reason: string | null;
}

/** When a depot below will be done with a repository. */
export interface ForecastBelow {
  readonly depot: string;
  readonly site: string;
  readonly parent: string | null;
  readonly repository: string;
  /** When it reported. */
  readonly at: string;
  readonly bytesLeft: number | null;
  /** Not before the depots between here and there are done. */
  readonly doneAt: string | null;
  /** `done`: it has what is known here. `not-heard`: it has not heard of the newest generation. `not-told`: its report says nothing of it. */
  readonly state: 'done' | 'under-way' | 'not-heard' | 'not-told';
  readonly reason: string | null;
  /** The depot between that is done later than it would be itself, or cannot say when. */
  readonly waitsFor: string | null;
}

/** What `depot forecast` shows. */
export interface ForecastResult {
  /** Of the windows of this depot. */
  readonly timezone: string;
  readonly own: readonly ForecastStatus[];
  readonly below: readonly ForecastBelow[];
}
