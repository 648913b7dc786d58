import { once } from 'node:events';
import { isatty } from 'node:tty';
import picocolors from 'picocolors';
import { DepotError } from '../model/errors.js';
import { realHost } from '../host.js';

type Colours = ReturnType<typeof picocolors.createColors>;

/** Where a command writes, and what it may know of the one who reads. */
export interface Terminal {
  /** Resolves when there is room for more. Rejects with `ReaderGone` when nobody reads any more (`depot ls … | head`). */
  out(text: string): Promise<void>;
  err(text: string): void;
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean;
  /** Of the terminal in characters; Infinity where stdout is none: nothing is left out or broken for a program. */
  readonly width: number;
  /** Of stderr, where a person watches it: progress is then one line that is rewritten. Undefined elsewhere. */
  readonly progressWidth: number | undefined;
  /** Those of stdout and of stderr: none where it is not a terminal, or NO_COLOR is set. */
  readonly colours: Colours;
  readonly errColours: Colours;
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborted by Ctrl-C, SIGTERM, and when nobody reads the output any more. */
  readonly signal: AbortSignal;
}

/** The reader of the output has seen enough: no failure, and nothing more to say. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** The terminal of this process. Call once: it installs the handlers of signals and of broken pipes. */
export function processTerminal(env: NodeJS.ProcessEnv): Terminal {
  const { stdout, stderr } = process;
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => ending.abort(new DepotError('interrupted', 'interrupted')));
  }
  for (const stream of [stdout, stderr])
    stream.on('error', () => ending.abort(new ReaderGone('nobody reads the output')));
  // Asked of the system: a stream that is no terminal has no `isTTY` at all, and picocolors takes undefined for its own guess.
  const isTerminal = isatty(stdout.fd);
  const isWatched = isatty(stderr.fd);
  const isPlain = Boolean(env['NO_COLOR']) || env['TERM'] === 'dumb';
  return {
    async out(text) {
      ending.signal.throwIfAborted();
      if (stdout.write(text)) return;
      await once(stdout, 'drain', { signal: ending.signal }).catch(() => ending.signal.throwIfAborted());
    },
    err: (text) => void stderr.write(text),
    isTerminal,
    get width() {
      return isTerminal ? stdout.columns : Infinity;
    },
    get progressWidth() {
      return isWatched && env['TERM'] !== 'dumb' ? stderr.columns : undefined;
    },
    colours: picocolors.createColors(isTerminal && !isPlain),
    errColours: picocolors.createColors(isWatched && !isPlain),
    now: realHost.now,
    sleep: realHost.sleep,
    signal: ending.signal,
  };
}
