import { lchown, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What a command run by root wrote into a data directory belongs to whom the directory belongs to: the service, which runs
 * as a user of its own, must read it.
 */
export async function giveToOwner(data: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(data);
  if (uid !== 0) await give(data, uid, gid);
}

async function give(folder: string, uid: number, gid: number): Promise<void> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    await lchown(path, uid, gid);
    if (entry.isDirectory()) await give(path, uid, gid);
  }
}
