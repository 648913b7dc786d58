import type { Command } from 'commander';
import { configPath } from '../config/location.js';
import { wrap } from './columns.js';
import type { Terminal } from './terminal.js';

/** One run of `depot`: what every command is made with. */
export interface Program {
  readonly version: string;
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** How the run ends; the last word counts. Without any it is `ok`. */
  endWith(exit: number): void;
}

/** What the options that all commands share come to. */
export interface Request {
  /** Of this command. */
  readonly version: string;
  readonly terminal: Terminal;
  readonly configFile: string;
  /** One JSON text on stdout, and nothing else there. */
  readonly json: boolean;
}

export function requestOf(program: Program, command: Command): Request {
  const { config, json } = command.optsWithGlobals<{ config?: string; json?: boolean }>();
  const { version, terminal, env } = program;
  return { version, terminal, configFile: configPath(config, env), json: json === true };
}

export async function printJson(terminal: Terminal, value: unknown): Promise<void> {
  await terminal.out(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Sentences, broken between words to fit the terminal. */
export async function printProse(terminal: Terminal, lines: Iterable<string>): Promise<void> {
  await printLines(
    terminal,
    [...lines].flatMap((line) => wrap(line, terminal.width)),
  );
}

export async function printLines(terminal: Terminal, lines: Iterable<string>): Promise<void> {
  const text = [...lines].join('\n');
  if (text !== '') await terminal.out(`${text}\n`);
}
