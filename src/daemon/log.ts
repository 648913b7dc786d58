import pino, { type Logger } from 'pino';

/** journald reads the priority of a line from such a prefix (sd-daemon(3)). */
const journalPriority: Readonly<Record<number, string>> = { 20: '<7>', 30: '<6>', 40: '<4>', 50: '<3>', 60: '<2>' };

/** Structured lines on standard output; under journald each with its priority in front, so `journalctl -p warning` works. */
export function openLog(level: string, environment: NodeJS.ProcessEnv): Logger {
  const options = { level, base: null, formatters: { level: (label: string) => ({ level: label }) } };
  if (environment['JOURNAL_STREAM'] === undefined) return pino(options, pino.destination({ dest: 1, sync: true }));
  const destination = {
    lastLevel: 30,
    write(line: string) {
      process.stdout.write(`${journalPriority[destination.lastLevel] ?? ''}${line}`);
    },
    // pino sets `lastLevel` on a destination that carries this symbol.
    [Symbol.for('pino.metadata')]: true,
  };
  return pino({ ...options, timestamp: false }, destination);
}
