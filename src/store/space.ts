import { statfs } from 'node:fs/promises';

/** Bytes of the filesystem below `data`; `free`: what an unprivileged process may still write. */
export async function freeSpace(data: string): Promise<{ readonly free: number; readonly total: number }> {
  const { bavail, blocks, bsize } = await statfs(data);
  return { free: bavail * bsize, total: blocks * bsize };
}
