import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DepotError } from '../model/errors.js';
import { openSqlite, sqliteCode } from './database.js';
import { layoutOf } from './layout.js';
import { makeDataFolder } from './open.js';

/** One daemon a data directory. */
export interface Lock {
  release(): void;
}

/**
 * Takes the data directory for this process until `release`, or until the process ends in whatever way: it is a lock of
 * the kernel, held by an exclusive SQLite transaction on a file of its own that is never written. A data directory that
 * is not there yet is made.
 * @throws DepotError `data-locked`, naming the process that holds it; `data-unusable`
 */
export function acquireLock(data: string, nowMs: number): Lock {
  const { lockFile, daemonFile } = layoutOf(data);
  let database: ReturnType<typeof openSqlite>;
  try {
    makeDataFolder(data);
    database = openSqlite(lockFile, { busyMs: 0 });
  } catch (cause) {
    throw new DepotError('data-unusable', `cannot open ${lockFile}`, {
      cause,
      hint: 'the daemon needs to write its data directory; check its owner and whether the disk is mounted',
    });
  }
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (sqliteCode(cause)?.startsWith('SQLITE_BUSY') !== true) throw cause;
    throw new DepotError('data-locked', `${data} is in use by another daemon${holderOf(daemonFile)}`, {
      cause,
      retry: 'never',
      hint: 'each daemon needs a data directory of its own; `depot status` asks the one that runs',
    });
  }
  introduce(daemonFile, nowMs);
  held.add(database);
  return {
    release() {
      rmSync(daemonFile, { force: true });
      held.delete(database);
      database.close();
    },
  };
}

/** A connection that nobody refers to would be closed when garbage is collected, and the lock be gone. */
const held = new Set<ReturnType<typeof openSqlite>>();

/** For the message to the next one only; a full disk must not keep the daemon from serving. */
function introduce(daemonFile: string, nowMs: number): void {
  try {
    writeFileSync(daemonFile, `${JSON.stringify({ pid: process.pid, since: new Date(nowMs).toISOString() })}\n`);
  } catch {
    rmSync(daemonFile, { force: true });
  }
}

function holderOf(daemonFile: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(daemonFile, 'utf8')) as { pid: unknown; since: unknown };
    return `, process ${String(pid)}, since ${String(since)}`;
  } catch {
    return '';
  }
}
