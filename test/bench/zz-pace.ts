import { spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formatRate } from '../../src/config/units.js';
import { usualFrame } from '../../src/protocol/pace.js';
import { makeNamespaces, type Namespaces } from './namespaces.js';
import { watchLine, type Crossed } from './pace-line.js';
import { readyDepotd, readyRclone, readyRsync, type Ready, type Task } from './pace-programs.js';

const rates = (process.env['RATES'] ?? '1e9').split(',').map((bits) => Number(bits) / 8);
/** All are compared by this. */
const comparedSeconds = 10;
/** What the goal of 2 % is for: so many frames, where they take longer. */
const framesOfGoal = 40;
/** After the first bytes: heads and pages come before the files, and are made up for. */
const settleSeconds = 10;
/** Of rclone, which has 16 MiB of each file read ahead, as fast as the line is; a minute at most. */
const settleSecondsOfRclone = (rate: number): number => Math.min(60, Math.max(settleSeconds, 80e6 / rate));
const files = 4;
/** No program may come to the end of its files, nor rclone into the 16 MiB that it reads ahead of each. */
const leastBytes = 160e6;

const programs = { depotd: readyDepotd, rsync: readyRsync, rclone: readyRclone };
type Program = keyof typeof programs;

/**
 * How well a rate is met: by depotd over TLS, `rsync --bwlimit` and `rclone --bwlimit`, between two network namespaces, as TCP
 * payload both ways: on a relay, and beside it by the counters of the child's interface. Prints tables of the largest
 * errors. @returns how many goals are missed
 */
export async function pace(folder: string): Promise<number> {
  const hasRclone = spawnSync('rclone', ['version']).error === undefined;
  const namespaces = makeNamespaces();
  const bench = new Bench(folder, namespaces);
  let missed = 0;
  try {
    const compared = ['| rate | depotd | on the interface | rsync | rclone | load | goal: smaller than both |'];
    const met = ['| rate | span | depotd | on the interface | goal: 2 % |'];
    const seconds = ['| rate | a frame | depotd | rsync | rclone | goal: at most a frame |'];
    compared.push('| --- | --: | --: | --: | --: | --: | --- |');
    met.push('| --- | --: | --: | --: | --- |');
    seconds.push('| --- | --: | --: | --: | --: | --- |');
    for (const rate of rates) {
      const span = Math.max(comparedSeconds, (framesOfGoal * frameOf(rate)) / rate);
      const own = await bench.measure('depotd', rate, settleSeconds, span + 5);
      const load = loadavg()[0]?.toFixed(1) ?? '';
      const rsync = process.env['ONLY'] ? undefined : await bench.measure('rsync', rate, settleSeconds, comparedSeconds + 5);
      const rclone = hasRclone && !process.env['ONLY']
        ? await bench.measure('rclone', rate, settleSecondsOfRclone(rate), comparedSeconds * 2)
        : undefined;
      const others = [rsync, rclone].map((found) => found?.relay.error(rate, comparedSeconds));
      const error = own.relay.error(rate, comparedSeconds);
      const isBest = others.every((other) => other === undefined || error < other);
      const cells = [error, own.wire.error(rate, comparedSeconds), ...others].map(percent);
      compared.push(`| ${[formatRate(rate), ...cells, load, verdict(isBest)].join(' | ')} |`);

      const ofGoal = own.relay.error(rate, span);
      const isMet = ofGoal <= 0.02;
      const figures = [ofGoal, own.wire.error(rate, span)].map(percent);
      met.push(`| ${[formatRate(rate), `${Math.round(span)} s`, ...figures, verdict(isMet)].join(' | ')} |`);

      const [second, ...fullest] = [own, rsync, rclone].map((found) => found && found.relay.most(1) / rate - 1);
      console.error('wire most', own.wire.most(1) / rate - 1);
      const frame = frameOf(rate) / rate;
      const isEven = second !== undefined && second <= frame;
      const excesses = [frame, second, ...fullest].map(percent);
      seconds.push(`| ${[formatRate(rate), ...excesses, verdict(isEven)].join(' | ')} |`);
      missed += Number(!isBest) + Number(!isMet) + Number(!isEven);
      for (const line of [compared.at(-1), met.at(-1), seconds.at(-1)]) console.error(line);
    }
    const unpaced = process.env['ONLY'] ? '' : await bench.throughput();
    console.log(`\nThe largest error over any ${comparedSeconds} s:\n\n${compared.join('\n')}\n`);
    console.log(`As the goal is set, over ${comparedSeconds} s or ${framesOfGoal} frames:\n\n${met.join('\n')}\n`);
    console.log(`By how much the fullest second exceeds the rate:\n\n${seconds.join('\n')}\n`);
    console.log(`Without a rate depotd moves ${unpaced} over the same line.\n`);
  } finally {
    namespaces.close();
  }
  return missed;
}

interface Found {
  readonly relay: Crossed;
  readonly wire: Crossed;
}

class Bench {
  constructor(
    private readonly folder: string,
    private readonly namespaces: Namespaces,
  ) {}

  /** @param rate bytes a second */
  async measure(program: Program, rate: number, settleSecs: number, seconds: number): Promise<Found> {
    const bytes = Math.max(rate * (settleSecs + seconds + 5), leastBytes);
    return this.running(program, rate, bytes, async (line) => {
      // Before that nothing large moves.
      await line.moving(Math.min(rate / 2, 1e5));
      await delay(settleSecs * 1000);
      const { relay, wire } = await line.watch(seconds);
      if (relay === undefined) throw new Error('there is no relay on this line');
      return { relay, wire };
    });
  }

  /** With the relay and without it, so that a rate that is missed can be told from a machine that is too slow. */
  async throughput(): Promise<string> {
    const found: string[] = [];
    for (const hasRelay of [true, false]) {
      const mbits = await this.running(
        'depotd',
        Infinity,
        5e9,
        async (line) => {
          await line.moving(1e8);
          const { wire } = await line.watch(8);
          return (wire.bytes / wire.seconds / 1e6) * 8;
        },
        hasRelay,
      );
      found.push(`${mbits.toFixed(0)} Mbit/s ${hasRelay ? 'with' : 'without'} the relay`);
    }
    return found.join(', ');
  }

  private async running<T>(
    program: Program,
    rate: number,
    bytes: number,
    watch: (line: ReturnType<typeof watchLine>) => Promise<T>,
    hasRelay = true,
  ): Promise<T> {
    const { folder, namespaces } = this;
    const started: ChildProcess[] = [];
    const start: Namespaces['start'] = (where, command) => {
      const child = namespaces.start(where, command);
      started.push(child);
      return child;
    };
    const source = join(folder, 'source');
    writeRandom(source, Math.ceil(bytes / files));
    const relayed = (port: number): number => (hasRelay ? port + 1 : port);
    const task: Task = { folder, source, rate, namespaces, start, relayed };
    try {
      const ready: Ready = await programs[program](task);
      const line = watchLine(namespaces, start, ready.port, hasRelay);
      await line.ready();
      await ready.go();
      return await watch(line);
    } finally {
      for (const child of started) child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

function writeRandom(folder: string, bytes: number): void {
  mkdirSync(folder, { recursive: true });
  for (let file = 0; file < files; file += 1) {
    const path = join(folder, `file-${file}`);
    writeFileSync(path, '');
    for (let left = bytes; left > 0; left -= 1e8) appendFileSync(path, randomBytes(Math.min(left, 1e8)));
  }
}

/** Bytes, where nobody says. */
function frameOf(rate: number): number {
  return Math.min(usualFrame(rate), 2 * rate);
}

function verdict(isMet: boolean): string {
  return isMet ? 'met' : '**missed**';
}

function percent(fraction: number | undefined): string {
  return fraction === undefined ? '-' : `${(fraction * 100).toFixed(2)} %`;
}

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
console.log(await pace(mkdtempSync(join(tmpdir(), 'depotd-pace-'))));
