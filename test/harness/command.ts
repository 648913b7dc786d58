import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { environment } from './daemon.js';

const program = fileURLToPath(new URL('../../bin/depot.js', import.meta.url));

export interface CommandResult {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What stdout says, if all of it is one JSON text; else undefined. */
  readonly json: unknown;
}

/** Runs `depot --config FILE ARGS...` to its end, with `input` at its standard input. */
export function command(config: string, args: readonly string[], input = ''): Promise<CommandResult> {
  const options = {
    env: environment(),
    timeout: 120_000,
    killSignal: 'SIGKILL',
    maxBuffer: 256 * 1024 * 1024,
  } as const;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, '--config', config, ...args],
      options,
      (_error, stdout, stderr) => resolve({ exitCode: child.exitCode, stdout, stderr, json: parse(stdout) }),
    );
    // It need not read it.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
