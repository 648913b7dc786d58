import { isAbsolute, resolve } from 'node:path';
import * as z from 'zod';
import { isName, isSite } from '../model/names.js';
import { addressForm, addressRule, parseAddress } from './address.js';
import { parseProxy } from './proxy.js';
import { nearest } from './spelling.js';
import type { Rate } from '../model/rate.js';
import {
  durationForm,
  formatDuration,
  formatRate,
  formatSize,
  meantDuration,
  meantRates,
  meantSize,
  parseDuration,
  parsePercentage,
  parseRate,
  parseSize,
  percentageForm,
  rateForm,
  sizeForm,
} from './units.js';

/*
 * The values at the ends of the configuration's tree. Their error messages are the second half of what a person reads:
 * `explain` puts what was found before them.
 */

/** What a text stands for, or why it stands for nothing. */
type Reading<T> = { readonly value: T } | { readonly refused: string };

/** A value written as text. `pattern` is for editors, `read` decides. */
export function written<T>(allowed: string, pattern: RegExp | undefined, read: (text: string) => Reading<T>) {
  return z
    .string({ error: allowed })
    .transform((text, context): T => {
      const reading = read(text);
      if ('value' in reading) return reading.value;
      context.addIssue({ code: 'custom', message: reading.refused });
      return z.NEVER;
    })
    .meta(pattern === undefined ? {} : { pattern: pattern.source });
}

function accept<T>(value: T | undefined, refusal: () => string): Reading<T> {
  return value === undefined ? { refused: refusal() } : { value };
}

export function orMeant(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
}

const nameRule =
  'a name has letters, digits, "-", "_" and ".", begins with a letter or digit and has at most 63 characters';
const siteRule =
  'a site is a path of names from the company down, such as enterprise/germany/munich (at most 16 names)';

export const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
export const siteForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,62}){0,15}$/;

export const name = written(`${nameRule}; one that looks like a number must be in quotes`, nameForm, (text) =>
  isName(text) ? { value: text } : { refused: nameRefusal(text) },
);

export function nameRefusal(text: string): string {
  return `${nameRule}${orMeant(meantName(text))}`;
}

export const site = written(siteRule, siteForm, (text) =>
  isSite(text) ? { value: text } : { refused: siteRefusal(text) },
);

export function siteRefusal(text: string): string {
  return `${siteRule}${orMeant(meantSite(text))}`;
}

/** The name that comes of a text when accents go and everything foreign becomes a `-`. */
export function meantName(text: string): string | undefined {
  const plain = text.slice(0, 200).normalize('NFKD').replace(/\p{M}/gu, '');
  const candidate = plain.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  return isName(candidate) ? candidate : undefined;
}

function meantSite(text: string): string | undefined {
  const names = text
    .slice(0, 1500)
    .split(/[/\\]+/)
    .map(meantName);
  const candidate = names.filter((part) => part !== undefined).join('/');
  return isSite(candidate) ? candidate : undefined;
}

export const address = written(addressRule, addressForm, (text) => {
  const reading = parseAddress(text);
  return 'refused' in reading ? reading : { value: reading };
});

/** The URL of a proxy, with user and password. */
export const proxy = written(
  'allowed: http://HOST:PORT or http://USER:PASSWORD@HOST:PORT',
  /^https?:\/\/\S+:\d{1,5}\/?$/,
  (text) => {
    const reading = parseProxy(text);
    return 'refused' in reading ? reading : { value: reading.url };
  },
);

/** The longest wait that the system's timers take is 24 days; half of it is left for jitter. */
const longestTimerMs = 7 * 86_400_000;

/** A duration in milliseconds, between `shortest` and `longest`. */
export function duration(shortest: number, longest = longestTimerMs) {
  const rule = 'allowed: a whole number and its unit (ms, s, m, h or d), such as 15m';
  return written(rule, durationForm, (text) => {
    const ms = parseDuration(text);
    if (ms === undefined) return { refused: `${rule}${orMeant(meantDuration(text))}` };
    if (ms < shortest) return { refused: `the shortest allowed here is ${formatDuration(shortest)}` };
    if (ms > longest) return { refused: `the longest allowed here is ${formatDuration(longest)}` };
    return { value: ms };
  });
}

/** How often a parent is asked. */
export const pollEvery = duration(1000);

/** A slower line than 8 kbit/s takes minutes for a poll; a rate is there to leave something to others, not to stop. */
export const slowestRate = 1000;
const fastestRate = 1e12 / 8;

/** A rate in bytes a second, or one of the words. */
export function rate<Word extends 'unlimited' | 'closed' | 'no'>(...words: Word[]) {
  const rule = ['allowed: a number and its unit, such as 20Mbit/s or 2Mbyte/s', ...words].join(', or ');
  const form = new RegExp([rateForm.source, ...words.map((word) => `^${word}$`)].join('|'));
  return written<Exclude<Rate, string> | Word>(rule, form, (text) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return { value: word };
    const value = parseRate(text);
    if (value === undefined)
      return { refused: `${rule}${orReadings([...meantRates(text), ...wordsMeant(text, words)])}` };
    if (value < slowestRate) return { refused: `the lowest allowed here is ${formatRate(slowestRate)}` };
    if (value > fastestRate) return { refused: `the highest allowed here is ${formatRate(fastestRate)}` };
    return { value };
  });
}

function wordsMeant(text: string, words: readonly string[]): string[] {
  const word = nearest(text.toLowerCase(), words);
  return word === undefined ? [] : [word];
}

function orReadings([first, second]: readonly string[]): string {
  return second === undefined ? orMeant(first) : `; it could mean ${first} or ${second}: write the one that is meant`;
}

/** Bytes, between `smallest` and `largest`. */
export function size(smallest: number, largest: number, units = 'KiB or MiB, such as 256KiB') {
  const rule = `allowed: a whole number and ${units}`;
  return written(rule, sizeForm, (text) => {
    const bytes = parseSize(text);
    if (bytes === undefined) return { refused: `${rule}${orMeant(meantSize(text))}` };
    if (bytes < smallest) return { refused: `the smallest allowed here is ${formatSize(smallest)}` };
    if (bytes > largest) return { refused: `the largest allowed here is ${formatSize(largest)}` };
    return { value: bytes };
  });
}

/** A fraction from 0 to `highest` per cent. */
export function percentage(highest: number) {
  const rule = `allowed: a whole number with its sign, from 0% to ${highest}%`;
  return written(rule, percentageForm, (text) => {
    const fraction = parsePercentage(text);
    return accept(fraction !== undefined && fraction * 100 <= highest ? fraction : undefined, () => rule);
  });
}

/** An absolute path, without a slash at its end. */
export const folder = absolutePath('/srv/tools');

/** The same of a file. */
export const file = absolutePath('/etc/depotd/depot.pem');

function absolutePath(example: string) {
  return written(`allowed: an absolute path, such as ${example}`, /^\/./, readPath);
}

function readPath(text: string): Reading<string> {
  if (text.startsWith('~')) return { refused: 'allowed: an absolute path; "~" is not expanded here' };
  if (!isAbsolute(text)) return { refused: 'allowed: an absolute path, beginning with "/"' };
  if (/[\0-\x1f\x7f]/.test(text)) return { refused: 'a path must not contain control characters' };
  if (text.split('/').includes('..')) return { refused: 'a path must not contain ".."; write the place that it means' };
  if (resolve(text) === '/') return { refused: 'this is the whole file system; name a folder of it' };
  return { value: resolve(text) };
}

export const glob = written(
  'allowed: a pattern of paths, such as "**/*.bak"; in quotes where it begins with *',
  /^[^/\\]/,
  (text) => {
    const fault = globFault(text);
    return fault === undefined ? { value: text } : { refused: fault };
  },
);

/** Patterns are held against paths inside the repository, such as `mac/app/tool.pkg`. */
function globFault(text: string): string | undefined {
  if (text.trim() === '') return 'an empty pattern selects nothing; remove it';
  if (text.length > 1000) return 'a pattern has at most 1000 characters';
  if (text.includes('\\')) return `folders are separated by "/"${orMeant(JSON.stringify(text.replaceAll('\\', '/')))}`;
  const bare = text.replace(/^(\.?\/)+/, '');
  if (bare !== text) {
    return `paths begin inside the repository, without "/" or "./"${orMeant(bare === '' ? '"**"' : JSON.stringify(bare))}`;
  }
  if (text.includes('//')) {
    return `paths have no empty part, so this selects nothing${orMeant(JSON.stringify(text.replace(/\/{2,}/g, '/')))}`;
  }
  if (text.split('/').includes('.')) {
    const meant = text.split('/').filter((part) => part !== '.');
    return `paths have no part ".", so this selects nothing${orMeant(JSON.stringify(meant.join('/')))}`;
  }
  const open = unclosed(text);
  if (open !== undefined) {
    return `the "${open}" is never closed; where a name has one, it is written as "[${open}]"`;
  }
  if (text.endsWith('/')) return `this selects no file${orMeant(JSON.stringify(`${text}**`))}`;
  if (text.split('/').includes('..')) return 'paths have no ".."; nothing outside the repository can be selected';
  if (/^!(?!\()/.test(text)) return 'a pattern must not begin with "!"; use include and exclude';
  return undefined;
}

/** The first bracket of a class, of alternatives or of a group that has no end. */
function unclosed(text: string): string | undefined {
  for (let at = 0; at < text.length; at += 1) {
    const mark = text[at];
    if (mark === '[') {
      // A "]" that comes first is one of the class.
      const end = text.indexOf(']', text.startsWith('!', at + 1) || text.startsWith('^', at + 1) ? at + 3 : at + 2);
      if (end < 0) return mark;
      at = end;
    }
    if (mark === '{' && !text.includes('}', at)) return mark;
    if (mark === '(' && /[!?+*@]/.test(text[at - 1] ?? '') && !text.includes(')', at)) return mark;
  }
  return undefined;
}
