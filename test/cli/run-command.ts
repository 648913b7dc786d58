import { Command } from 'commander';
import picocolors from 'picocolors';
import { realHost } from '../../src/host.js';
import type { Program } from '../../src/cli/request.js';
import type { Terminal } from '../../src/cli/terminal.js';

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** What the command threw; undefined where it did its work. */
  readonly error: unknown;
}

/** Runs one command of `depot` in this process, below the options that all commands share. */
export async function runCommand(make: (program: Program) => Command, args: readonly string[]): Promise<Ran> {
  let [stdout, stderr] = ['', ''];
  const colours = picocolors.createColors(false);
  const terminal: Terminal = {
    out: async (text: string) => void (stdout += text),
    err: (text: string) => void (stderr += text),
    isTerminal: false,
    width: Infinity,
    progressWidth: undefined,
    colours,
    errColours: colours,
    now: () => realHost.now(),
    sleep: realHost.sleep,
    signal: new AbortController().signal,
  };
  const root = new Command('depot').option('--config <file>').option('--json').exitOverride();
  root.addCommand(make({ version: '0.0.0', terminal, env: {}, endWith: () => undefined }));
  try {
    await root.parseAsync(args, { from: 'user' });
    return { stdout, stderr, error: undefined };
  } catch (error) {
    return { stdout, stderr, error };
  }
}
