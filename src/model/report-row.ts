import type { RowForecast } from './forecast-status.js';

/** A row of a report: what one depot says of itself. It climbs one level a poll. */
export interface ReportRow {
  readonly depot: string;
  readonly site: string;
  readonly parent: string | null;
  readonly version: string;
  /** When the depot itself wrote this row. */
  readonly at: string;
  readonly repositories: readonly ReportRepository[];
}

export interface ReportRepository {
  readonly name: string;
  readonly role: 'master' | 'child';
  readonly generation: number | null;
  readonly newest: number | null;
  /** Units held complete, of those that this depot's demand asks for; a mirror is one unit, its newest generation, and so are the records of packages. */
  readonly unitsComplete: number;
  readonly units: number;
  /** What can cross the line for what is missing, at most. */
  readonly bytesLeft: number;
  /** Files whose deletion is held, and names held back at the source. */
  readonly held: number;
  readonly lagSeconds: number;
  readonly error: string | null;
  /** Of packages: units that are asked for there and not whole yet, the first of them. */
  readonly missing?: readonly string[] | undefined;
  /** When all of it will be there, as the depot itself reckons; left out where nothing is missing. */
  readonly forecast?: RowForecast | undefined;
}
