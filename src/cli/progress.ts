import type { WorkProgress } from '../serve/control-api.js';
import type { Terminal } from './terminal.js';
import { count, safe, size, span } from './words.js';

export interface ProgressLine {
  show(progress: WorkProgress): void;
  /** Takes the line away, so that something lasting can be written. */
  clear(): void;
}

const redrawMs = 100;
/** The line shows the first of the repositories that were heard of in this time, so that it does not flicker among many. */
const livelyMs = 2_000;
const lineMs = 10_000;
const rateWindowMs = 5_000;

/**
 * Progress on stderr: on a terminal one line that is rewritten, elsewhere a line at the beginning and every 10 s. Nothing
 * where a program reads (`--json`).
 */
export function progressLine(terminal: Terminal, isQuiet: boolean): ProgressLine {
  if (isQuiet) return { show: () => undefined, clear: () => undefined };
  return terminal.progressWidth === undefined ? plainLines(terminal) : rewrittenLine(terminal);
}

function rewrittenLine(terminal: Terminal): ProgressLine {
  const speed = speedometer(terminal);
  const lively = new Map<string, { readonly text: string; readonly atMs: number }>();
  let drawnAtMs = -Infinity;
  let isDrawn = false;
  return {
    show(progress) {
      const now = terminal.now();
      lively.set(progress.repository ?? '', { text: describe(progress, speed(progress)), atMs: now });
      for (const [name, { atMs }] of lively) if (now - atMs > livelyMs) lively.delete(name);
      if (now - drawnAtMs < redrawMs) return;
      drawnAtMs = now;
      const [first, ...others] = lively.values();
      const text = `${others.length === 0 ? '' : `(${others.length} more) `}${first?.text ?? ''}`;
      terminal.err(`\r\u001b[2K${terminal.errColours.dim(text.slice(0, (terminal.progressWidth ?? 80) - 1))}`);
      isDrawn = true;
    },
    clear() {
      if (isDrawn) terminal.err('\r\u001b[2K');
      isDrawn = false;
    },
  };
}

function plainLines(terminal: Terminal): ProgressLine {
  const speed = speedometer(terminal);
  const shownAt = new Map<string, number>();
  return {
    show(progress) {
      const rate = speed(progress);
      const key = progress.repository ?? '';
      const now = terminal.now();
      if (now - (shownAt.get(key) ?? -Infinity) < lineMs) return;
      shownAt.set(key, now);
      terminal.err(`${describe(progress, rate)}\n`);
    },
    clear: () => undefined,
  };
}

function keyOf({ repository, phase }: WorkProgress): string {
  return `${repository ?? ''} ${phase}`;
}

/** Bytes a second over the last seconds of one phase of one repository; undefined while there is nothing to go by. */
function speedometer(terminal: Terminal): (progress: WorkProgress) => number | undefined {
  const samples = new Map<string, { atMs: number; bytes: number }[]>();
  return (progress) => {
    const key = keyOf(progress);
    const atMs = terminal.now();
    const kept = (samples.get(key) ?? []).filter((sample) => atMs - sample.atMs <= rateWindowMs);
    kept.push({ atMs, bytes: progress.bytes.done });
    samples.set(key, kept);
    const first = kept[0];
    if (first === undefined || atMs - first.atMs < 1000) return undefined;
    const rate = ((progress.bytes.done - first.bytes) * 1000) / (atMs - first.atMs);
    return rate > 0 ? rate : undefined;
  };
}

const phaseWords: Readonly<Record<string, string>> = {
  poll: 'asks the parent',
  head: 'checks the head',
  diff: 'compares',
  plan: 'plans',
  report: 'reports to the parent',
};

function describe({ repository, phase, files, bytes, atMost }: WorkProgress, rate: number | undefined): string {
  const parts = [phaseWords[phase] ?? phase];
  if (files.total !== null) parts.push(`${count(files.done)} of ${count(files.total)} files`);
  else if (files.done > 0) parts.push(`${count(files.done)} files`);
  if (bytes.total !== null && bytes.total > 0)
    parts.push(`${size(bytes.done)} of ${atMost === true ? 'at most ' : ''}${size(bytes.total)}`);
  else if (bytes.done > 0) parts.push(size(bytes.done));
  if (rate !== undefined) parts.push(`${size(rate)}/s`);
  if (rate !== undefined && bytes.total !== null)
    parts.push(`${span(((bytes.total - bytes.done) * 1000) / rate)} left`);
  const text = parts.join(', ');
  return repository === null ? text : `${safe(repository)}: ${text}`;
}
