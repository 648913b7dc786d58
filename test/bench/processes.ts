import { readFileSync } from 'node:fs';

/** What /proc counts in, on every Linux. */
const ticksPerSecond = 100;

/** Processor time that a process has taken so far, with that of its threads and of the children it has waited for. */
export function cpuMs(pid: number | 'self'): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [utime, stime, cutime, cstime] = fieldsOf(stat).slice(11, 15).map(Number);
  return (((utime ?? 0) + (stime ?? 0) + (cutime ?? 0) + (cstime ?? 0)) * 1000) / ticksPerSecond;
}

/** The same of the children alone that this process has waited for. */
export function cpuOfChildrenMs(): number {
  const [cutime, cstime] = fieldsOf(readFileSync('/proc/self/stat', 'utf8')).slice(13, 15).map(Number);
  return (((cutime ?? 0) + (cstime ?? 0)) * 1000) / ticksPerSecond;
}

/** Resident memory in bytes: now, and the most there ever was. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return { now: kibibytes('VmRSS') * 1024, peak: kibibytes('VmHWM') * 1024 };
}

/** Those behind the name of the program, which may hold anything. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
