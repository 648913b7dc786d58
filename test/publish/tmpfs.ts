import { execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** Mounts an empty file system of its own on a folder; gone when the test ends. Gives what unmounts it before. */
export function tmpfs(path: string, size = '16m'): () => void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'depotd-test', path]);
  let isMounted = true;
  const unmount = (): void => {
    if (isMounted) execFileSync('umount', [path]);
    isMounted = false;
  };
  onTestFinished(unmount);
  return unmount;
}
