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

const bitUnits = { bit: 1, kbit: 1e3, Mbit: 1e6, Gbit: 1e9, Kibit: 2 ** 10, Mibit: 2 ** 20, Gibit: 2 ** 30 } as const;
const byteUnits = {
  byte: 1,
  kbyte: 1e3,
  Mbyte: 1e6,
  Gbyte: 1e9,
  Kibyte: 2 ** 10,
  Mibyte: 2 ** 20,
  Gibyte: 2 ** 30,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
} as const;

const quantity = String.raw`(\d{1,12}(?:\.\d{1,3})?)`;

/** A number and its unit, as in `512kbit/s`, `2.5Mbyte/s`, `4MiB/s`. */
export const rateForm = new RegExp(`^${quantity}((?:[kMG]|[KMG]i)?(?:bit|byte)|[KMG]iB)/s$`);

/** Bytes a second; undefined where the text is not a rate. */
export function parseRate(text: string): number | undefined {
  const [, number, unit] = rateForm.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  if (Object.hasOwn(bitUnits, unit)) return (Number(number) * bitUnits[unit as keyof typeof bitUnits]) / 8;
  return Number(number) * byteUnits[unit as keyof typeof byteUnits];
}

/** In the largest unit of bits that needs three decimals at most. */
export function formatRate(bytesPerSecond: number): string {
  const bits = bytesPerSecond * 8;
  const units = ['Gbit', 'Mbit', 'kbit'] as const;
  const unit =
    units.find((each) => bits >= bitUnits[each] && Number.isInteger((bits / bitUnits[each]) * 1000)) ?? 'bit';
  return `${bits / bitUnits[unit]}${unit}/s`;
}

/** What a text could be that looks like a rate, the likeliest first: bits or bytes, powers of ten or of two. */
export function meantRates(text: string): string[] {
  const form = /^(\d{1,12}(?:\.\d{1,3})?)\s*([kmg])?(i)?\s*(bits?|bytes?|b)?(\/s|ps|\/sec|\/second|)$/i;
  const [, number, prefix = '', binary, unit = ''] = form.exec(text.trim()) ?? [];
  if (number === undefined) return [];
  const isSpelled = /^(bit|byte)/i.test(unit);
  const bases = isSpelled ? [unit.toLowerCase().replace(/s$/, '')] : unit === 'B' ? ['byte'] : ['bit', 'byte'];
  const decimal = prefix.toLowerCase() === 'k' ? 'k' : prefix.toUpperCase();
  const isAmbiguousPrefix = prefix !== '' && (prefix === 'K' || unit === 'B');
  const prefixes =
    binary !== undefined
      ? [`${prefix.toUpperCase()}i`]
      : isAmbiguousPrefix
        ? [decimal, `${decimal.toUpperCase()}i`]
        : [decimal];
  const meant = bases.flatMap((base) => prefixes.map((each) => `${number}${each}${base}/s`));
  return meant.slice(0, 2);
}

/** A whole number and its unit, as in `256KiB`. */
export const sizeForm = /^(\d{1,9})(KiB|MiB|GiB)$/;

/** Bytes; undefined where the text is not a size. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit] = sizeForm.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * byteUnits[unit as 'KiB' | 'MiB' | 'GiB'];
}

/** In the largest unit that gives a whole number; for multiples of a KiB. */
export function formatSize(bytes: number): string {
  const unit = (['GiB', 'MiB'] as const).find((each) => bytes % byteUnits[each] === 0) ?? 'KiB';
  return `${bytes / byteUnits[unit]}${unit}`;
}

/** The size that a near miss means, such as `256K`, `256 kib` or `1 MB`. */
export function meantSize(text: string): string | undefined {
  const [, digits, prefix] = /^(\d{1,9})\s*([kmg])(?:i?b)?$/i.exec(text.trim()) ?? [];
  return digits === undefined || prefix === undefined ? undefined : `${digits}${prefix.toUpperCase()}iB`;
}
