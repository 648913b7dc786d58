/** Numbers, sizes, times and foreign text as a person reads them. */
import { wallTime } from '../model/zone.js';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Powers of 1024, as `ls -lh` and `df -h` count; three digits at most, `1.2 GiB`. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit] ?? 'PiB'}`;
}

/** What a plan brings over the line: `14 KiB on the line`, or `at most 24 MiB on the line`. */
export function onTheLine({ bytes, exact }: { readonly bytes: number; readonly exact: boolean }): string {
  return `${exact ? '' : 'at most '}${size(bytes)} on the line`;
}

/** `generation 41 -> 43`, or the one that was and stays. */
export function generations(from: number | null, to: number | null): string {
  if (from === to) return to === null ? 'no generation yet' : `generation ${to}`;
  return from === null ? `generation ${to}, the first here` : `generation ${from} -> ${to ?? '-'}`;
}

/** What happened to how many, without those that are none: `10 added, 3 deleted`. */
export function changes(added: number, replaced: number, deleted: number): string {
  const parts = [
    [added, 'added'],
    [replaced, 'replaced'],
    [deleted, 'deleted'],
  ] as const;
  const some = parts.filter(([amount]) => amount > 0).map(([amount, what]) => `${count(amount)} ${what}`);
  return some.length === 0 ? 'no file changed' : some.join(', ');
}

/** With commas: `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** The two largest units: `3 h 10 min`; below a minute in seconds. Negative spans (clocks that differ) count as none. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return withRest(hours, 'h', minutes % 60, 'min');
  const days = Math.floor(hours / 24);
  return days < 7 ? withRest(days, 'd', hours % 24, 'h') : `${days} d`;
}

/** The largest unit alone: `3 h`. */
export function roughSpan(ms: number): string {
  return span(ms).split(' ').slice(0, 2).join(' ');
}

function withRest(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

export function ago(time: string, nowMs: number): string {
  const ms = nowMs - Date.parse(time);
  return ms < 1500 ? 'just now' : `${roughSpan(ms)} ago`;
}

export function until(time: string, nowMs: number): string {
  const ms = Date.parse(time) - nowMs;
  return ms < 500 ? 'now' : `in ${roughSpan(ms)}`;
}

/** `2026-11-21 14:03` in the time zone of the one who reads. */
export function localTime(time: string): string {
  const at = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/**
 * Foreign text (a path, a message of another depot) that cannot move the cursor, change colours, or reverse the
 * direction of what stands beside it: control, format and private characters and lone surrogates are written as `\u{…}`.
 */
export function safe(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** What follows upon a time of the windows, where the clock of whoever reads it shows another one. */
export function zoneWords(zone: string, atMs: number): string {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return wallTime(zone, atMs) === wallTime(own, atMs) ? '' : ` (times of ${zone})`;
}
