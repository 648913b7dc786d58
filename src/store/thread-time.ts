import { readFileSync } from 'node:fs';

/** A tick of /proc is a hundredth of a second for every program on Linux, whatever the kernel counts by. */
const tickMs = 10;

/** Processor time that this thread has had, milliseconds (proc_pid_stat(5), fields 14 and 15). */
export function threadTimeMs(): number {
  const text = readFileSync('/proc/thread-self/stat', 'latin1');
  // The name of the thread, in brackets, may have spaces and brackets of its own.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}
