const form = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d|\[[A-Za-z0-9_+/-]+\])$/;

/**
 * A moment that a person names by wall clock and offset, or by wall clock and IANA zone. Where a zone has that wall-clock
 * time twice it is the first; undefined where it does not have it at all, and where the text is none.
 * @returns milliseconds since 1970
 */
export function momentMs(text: string): number | undefined {
  const parts = form.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second = '00', zone = 'Z'] = parts;
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const asUtcMs = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtcMs) || !new Date(asUtcMs).toISOString().startsWith(wall)) return undefined;
  if (!zone.startsWith('[')) return Date.parse(`${wall}${zone}`);
  const offsets = offsetsAround(asUtcMs, zone.slice(1, -1));
  return offsets?.map((offsetMs) => asUtcMs - offsetMs).find((ms) => offsetOf(ms, zone.slice(1, -1)) === asUtcMs - ms);
}

/** The offsets that a zone has the day before and the day after, the larger first: that is the earlier moment. */
function offsetsAround(ms: number, zone: string): number[] | undefined {
  const dayMs = 86_400_000;
  const offsets = [ms - dayMs, ms + dayMs].map((each) => offsetOf(each, zone));
  const known = offsets.filter((offset) => offset !== undefined);
  return known.length === 2 ? known.sort((a, b) => b - a) : undefined;
}

/** Milliseconds that the wall clocks of a zone are ahead of UTC; undefined where there is no such zone. */
function offsetOf(ms: number, zone: string): number | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
  } catch {
    return undefined;
  }
}

/** Milliseconds since 1970 as ISO 8601 in UTC. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
