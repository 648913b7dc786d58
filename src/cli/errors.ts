import { asDepotError, type DepotError } from '../model/errors.js';
import { errorToWire } from '../serve/control-wire.js';
import type { Terminal } from './terminal.js';
import { safe } from './words.js';

/** What any failure comes to, for the exit code and for the one who reads. */
export function asShown(thrown: unknown): DepotError {
  return asDepotError(thrown, 'a fault in this command');
}

/** On stderr: one sentence and a hint; with `--json` one line `{"error":{"code","message","hint"}}`. */
export function showError(terminal: Terminal, error: DepotError, json: boolean): void {
  if (json) {
    terminal.err(`${JSON.stringify({ error: errorToWire(error) })}\n`);
    return;
  }
  const { red, dim } = terminal.errColours;
  const message = error.message.split('\n').map(safe).join('\n');
  terminal.err(`${red('depot:')} ${message}\n`);
  if (error.hint !== undefined) terminal.err(`${dim('hint:')}  ${safe(error.hint)}\n`);
}
