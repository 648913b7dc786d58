import picocolors from 'picocolors';
import { main } from '../../src/cli/main.js';
import type { Terminal } from '../../src/cli/terminal.js';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RecorderOptions {
  /** A terminal of this width; without, stdout is a pipe. */
  readonly width?: number;
  readonly progressWidth?: number;
  readonly now?: () => number;
}

/** A terminal without colours that keeps what is written to it. */
export function recorder(options: RecorderOptions = {}): {
  terminal: Terminal;
  ran: { stdout: string; stderr: string };
} {
  const ran = { stdout: '', stderr: '' };
  const colours = picocolors.createColors(false);
  const terminal: Terminal = {
    out: async (text) => void (ran.stdout += text),
    err: (text) => void (ran.stderr += text),
    isTerminal: options.width !== undefined,
    width: options.width ?? Infinity,
    progressWidth: options.progressWidth,
    colours,
    errColours: colours,
    now: options.now ?? Date.now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    signal: new AbortController().signal,
  };
  return { terminal, ran };
}

/** Runs `depot ARGS` in this process. */
export async function depot(args: readonly string[], options: RecorderOptions = {}): Promise<Ran> {
  const { terminal, ran } = recorder(options);
  const exitCode = await main(args, terminal, {});
  return { exitCode, ...ran };
}
