import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Namespaces } from './namespaces.js';

const relay = fileURLToPath(new URL('pace-relay.ts', import.meta.url));
const meter = fileURLToPath(new URL('pace-meter.ts', import.meta.url));

/** Milliseconds since some start, and the bytes that had crossed until then. */
type Sample = readonly [ms: number, bytes: number];

/** What crossed a line in a time. */
export interface Crossed {
  readonly seconds: number;
  readonly bytes: number;
  /** The largest deviation from a rate, as a fraction of it, in any span of so many seconds; NaN where none is so long. */
  error(bytesPerSecond: number, spanSeconds: number): number;
  /** The most bytes a second in any span of so many seconds. */
  most(spanSeconds: number): number;
}

/** A line that is watched at the relay, where it has one, and at the child's interface. */
export interface WatchedLine {
  /** Where the child finds its parent's port. */
  readonly port: number;
  /** Resolves when it is watched, and what is started with it has had a while to listen. */
  ready(): Promise<void>;
  /** Resolves when so many bytes have crossed. @throws where they have not after a minute */
  moving(bytes: number): Promise<void>;
  /** Watches for so long, from now on. */
  watch(seconds: number): Promise<{ readonly relay: Crossed | undefined; readonly wire: Crossed }>;
}

/** @param hasRelay else the child talks to the port itself */
export function watchLine(
  namespaces: Namespaces,
  start: Namespaces['start'],
  port: number,
  hasRelay: boolean,
): WatchedLine {
  // What measures must not wait for what is measured.
  const tsx = ['nice', '-n', '-15', process.execPath, '--import', 'tsx'];
  const atWire = samplesOf(start('child', [...tsx, meter, 'line']));
  const atRelay = hasRelay
    ? samplesOf(start('parent', [...tsx, relay, namespaces.address, String(port + 1), String(port)]))
    : undefined;
  return {
    port: hasRelay ? port + 1 : port,
    async ready() {
      while (atWire.length === 0 || atRelay?.length === 0) await delay(50);
      await delay(2_000);
    },
    async moving(bytes) {
      for (let waited = 0; (atWire.at(-1)?.[1] ?? 0) < bytes; waited += 50) {
        if (waited > 60_000) throw new Error(`nothing moves on the line to port ${port}`);
        await delay(50);
      }
    },
    async watch(seconds) {
      const from = [atWire.length, atRelay?.length ?? 0] as const;
      await delay(seconds * 1000);
      const wire = crossed(atWire.slice(from[0]));
      return { wire, relay: atRelay && crossed(atRelay.slice(from[1])) };
    },
  };
}

/** Those that a program prints, as they come. */
function samplesOf(program: ChildProcess): Sample[] {
  const samples: Sample[] = [];
  let rest = '';
  program.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) samples.push(line.split(' ').map(Number) as [number, number]);
  });
  return samples;
}

function crossed(samples: readonly Sample[]): Crossed {
  const [first = [0, 0], last = first] = [samples[0], samples.at(-1)];
  return {
    seconds: (last[0] - first[0]) / 1000,
    bytes: last[1] - first[1],
    error: (rate, seconds) =>
      maximum(spansOf(samples, seconds).map(([length, bytes]) => Math.abs(bytes / length / rate - 1))),
    most: (seconds) => maximum(spansOf(samples, seconds).map(([length, bytes]) => bytes / length)),
  };
}

function maximum(values: readonly number[]): number {
  return values.reduce((most, value) => (value > most ? value : most), values[0] ?? NaN);
}

/** Seconds and bytes of each span of about that length. */
function spansOf(samples: readonly Sample[], seconds: number): [number, number][] {
  let end = 0;
  return samples.flatMap(([startMs, before]): [number, number][] => {
    while (end < samples.length && (samples[end]?.[0] ?? 0) - startMs < seconds * 1000) end += 1;
    const last = samples[end];
    return last === undefined ? [] : [[(last[0] - startMs) / 1000, last[1] - before]];
  });
}
