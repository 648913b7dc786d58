import { lstatSync } from 'node:fs';

/** What could not be looked at, and why: something else than "not there" and than "empty". */
export class Unknown {
  constructor(readonly reason: string) {}
}

/**
 * Reads something of the source; undefined where it is certainly gone. "No such file" is believed only when the path
 * itself is not there, since a listing can fail so for the sake of one name in it.
 */
export function attempt<T>(path: string, read: () => T): T | Unknown | undefined {
  try {
    return read();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code !== 'ENOENT') return new Unknown(reasonOf(error));
    return isThere(path) ? new Unknown('it was replaced while the source was scanned') : undefined;
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

/** What the system says, without the path by which the file was reached. */
export function reasonOf(error: Error & { readonly code: string }): string {
  const [, text = error.message] = /^[A-Z0-9]+: ([^,]+),/.exec(error.message) ?? [];
  return `it cannot be read: ${text} (${error.code})`;
}
