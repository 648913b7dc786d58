import type { Rate } from '../../src/model/rate.js';
import type { Window, Windows } from '../../src/model/windows.js';

const minute = 60_000;
const day = 86_400_000;

const shownBefore = new Map<string, number[]>();

/** What a clock on the wall shows from minute to minute, by another way than the program's. */
function wallClock(zone: string, fromMs: number, toMs: number): number[] {
  const key = `${zone} ${fromMs} ${toMs}`;
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  const shown =
    shownBefore.get(key) ??
    Array.from({ length: (toMs - fromMs) / minute }, (_, at) =>
      Date.parse(`${format.format(fromMs + at * minute).replace(' ', 'T')}Z`),
    );
  shownBefore.set(key, shown);
  return shown;
}

/**
 * The rate in each minute, by going through all of them with a clock on the wall: each window opens and closes in the
 * first minute at which its time is reached.
 */
export function openMinutes({ zone, list, otherwise }: Windows, fromMs: number, toMs: number): Rate[] {
  const begin = fromMs - 3 * day;
  const shown = wallClock(zone, begin, toMs + 2 * day);
  const found: Rate[] = Array.from({ length: (toMs - fromMs) / minute }, () => otherwise);
  const first = (time: number): number => shown.findIndex((now) => now >= time);
  for (const window of list.toReversed()) {
    for (let date = Math.floor(fromMs / day) - 2; date <= Math.floor(toMs / day) + 1; date += 1) {
      if (!isOn(window, date)) continue;
      const from = date * day + window.fromMinute * minute;
      const length = ((window.toMinute - window.fromMinute + 1440 - 1) % 1440) + 1;
      let open = first(from);
      let close = first(from + length * minute);
      if (open === close) {
        // Both fall into what was skipped; as many minutes after the change as they would be after its beginning.
        const skippedFrom = (shown[open - 1] ?? 0) + minute;
        open += (from - skippedFrom) / minute;
        close = open + length;
      }
      const offset = (fromMs - begin) / minute;
      for (let at = Math.max(open, offset); at < close && at - offset < found.length; at += 1) {
        found[at - offset] = window.rate;
      }
    }
  }
  return found;
}

function isOn({ dates, days }: Window, date: number): boolean {
  if (days !== null && !days.includes(new Date(date * day).getUTCDay())) return false;
  return dates === null || dates.some(([from, to]) => date >= from && date <= to);
}
