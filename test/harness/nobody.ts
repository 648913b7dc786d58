import { chmodSync } from 'node:fs';

/**
 * Runs something as a user to whom the modes of files mean something; root may read everything.
 * @param open folders that this user gets access to
 */
export async function asNobody<T>(open: readonly string[], act: () => T | Promise<T>): Promise<T> {
  for (const path of open) chmodSync(path, 0o777);
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.('nobody');
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}
