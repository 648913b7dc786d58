const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

type Unit = keyof typeof unitMs;

/** A whole number and its unit, as in `250ms`, `5s`, `15m`, `2h`, `1d`. */
export const durationForm = /^(\d{1,15})(ms|s|m|h|d)$/;

/** A whole number and the sign, as in `10%`. */
export const percentageForm = /^(\d{1,3})%$/;

/** Milliseconds; undefined where the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = durationForm.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const ms = Number(digits) * unitMs[unit as Unit];
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** In the largest unit that gives a whole number. */
export function formatDuration(ms: number): string {
  const units = (Object.keys(unitMs) as Unit[]).reverse();
  const unit = units.find((candidate) => ms >= unitMs[candidate] && ms % unitMs[candidate] === 0) ?? 'ms';
  return `${ms / unitMs[unit]}${unit}`;
}

const spoken: readonly (readonly [RegExp, Unit])[] = [
  [/^(ms|msecs?|milliseconds?)$/, 'ms'],
  [/^(s|secs?|seconds?)$/, 's'],
  [/^(m|mins?|minutes?)$/, 'm'],
  [/^(h|hrs?|hours?)$/, 'h'],
  [/^(d|days?)$/, 'd'],
];

/** The duration that a near miss means, such as `15 min`, `2 Hours` or `1.5h`. */
export function meantDuration(text: string): string | undefined {
  const [, digits, word] = /^(\d{1,9}(?:\.\d{1,3})?)\s*([a-z]+)$/.exec(text.trim().toLowerCase()) ?? [];
  const unit = word === undefined ? undefined : spoken.find(([form]) => form.test(word))?.[1];
  if (digits === undefined || unit === undefined) return undefined;
  const ms = Math.round(Number(digits) * unitMs[unit]);
  return ms > 0 ? formatDuration(ms) : undefined;
}

/** A fraction: 0.1 for `10%`. */
export function parsePercentage(text: string): number | undefined {
  const digits = percentageForm.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits) / 100;
}

export function formatPercentage(fraction: number): string {
  return `${Math.round(fraction * 100)}%`;
}
