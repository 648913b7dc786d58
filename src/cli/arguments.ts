import { InvalidArgumentError } from 'commander';
import { momentMs } from '../model/moment.js';

/** Readers of command line values; what they refuse, commander reports with the option that it came from. */

export function generationNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a generation is a whole number from 1');
}

export function rowLimit(text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 1000) return value;
  throw new InvalidArgumentError('a whole number from 1 to 1000');
}

export function signatureCount(text: string): number {
  if (/^[1-8]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 1 to 8');
}

export function watchSeconds(text: string): number {
  const value = Number(text);
  if (value >= 0.1 && value <= 3600) return value;
  throw new InvalidArgumentError('seconds from 0.1 to 3600');
}

export function revisionNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a revision is a whole number from 1');
}

export function keptReleases(text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 1000) return value;
  throw new InvalidArgumentError('a whole number from 1 to 1000');
}

export function keptDays(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number of days');
}

/** A time with its offset or zone, `2026-12-01T06:00+01:00` or `2026-12-01T06:00[Europe/Berlin]`. @returns ISO 8601 in UTC */
export function moment(text: string): string {
  const ms = momentMs(text);
  if (ms !== undefined) return new Date(ms).toISOString();
  throw new InvalidArgumentError(
    'a time with an offset or a zone: 2026-12-01T06:00+01:00, 2026-12-01T06:00[Europe/Berlin]',
  );
}
