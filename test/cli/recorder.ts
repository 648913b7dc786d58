import picocolors from 'picocolors';
import { main } from '../../src/cli/main.js';
import type { Terminal } from '../../src/cli/terminal.js';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RanOptions {
  readonly width?: number;
  readonly progressWidth?: number;
  readonly now?: () => number;
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs `depot ARGS` in this process. */
export async function depot(args: readonly string[], options: RanOptions = {}): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const colours = picocolors.createColors(false);
  const terminal: Terminal = {
    out: async (text) => void (stdout += text),
    err: (text) => void (stderr += text),
    isTerminal: options.width !== undefined,
    width: options.width ?? Infinity,
    progressWidth: options.progressWidth,
    colours,
    errColours: colours,
    now: options.now ?? Date.now,
    sleep: async (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    signal: options.signal ?? new AbortController().signal,
  };
  const exitCode = await main(args, terminal, options.env ?? {});
  return { exitCode, stdout, stderr };
}
