const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A moment as messages name it: day and minute, UTC. */
export function momentOf(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A span as messages name it, in its largest unit, rounded down: `3 days`, `1 hour`. */
export function spanOf(spanMs: number): string {
  if (spanMs >= dayMs) return counted(spanMs / dayMs, 'day');
  if (spanMs >= hourMs) return counted(spanMs / hourMs, 'hour');
  return spanMs >= minuteMs ? counted(spanMs / minuteMs, 'minute') : counted(spanMs / secondMs, 'second');
}

function counted(value: number, unit: string): string {
  const whole = Math.floor(value);
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`;
}
