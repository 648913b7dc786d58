import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DepotError } from '../model/errors.js';
import { inTransaction, openSqlite, sqliteCode, type Database } from './database.js';
import { writeFact } from './facts.js';
import type { Layout } from './layout.js';
import { setAside } from './quarantine.js';
import { migrations } from './schema.js';
import { isCode } from './system-error.js';

/**
 * Makes what is missing of folders and tables, and opens the catalogue for reading and writing. One that is broken goes
 * to quarantine, and an empty one takes its place.
 * @throws DepotError `data-unusable`
 */
export function openCatalogue(layout: Layout, worker: boolean): Database {
  try {
    if (worker) return configure(openMigrated(layout), worker);
    makeFolders(layout);
    return configure(openOrReplace(layout), worker);
  } catch (error) {
    throw asUnusable(layout, error);
  }
}

/**
 * Opens the catalogue of a daemon that is down. Reading a write-ahead log takes a `-shm` file beside it, which needs a
 * folder that this user can write; where it cannot, a copy is read, which `closed` drops.
 * @throws DepotError `data-unusable`
 */
export function openCatalogueReadOnly(layout: Layout): { readonly db: Database; readonly closed: () => void } {
  try {
    accessSync(layout.database, constants.R_OK);
    const opened = openSomehow(layout);
    try {
      requireVersion(layout, opened.db);
    } catch (error) {
      opened.db.close();
      opened.closed();
      throw error;
    }
    return opened;
  } catch (error) {
    throw asUnusable(layout, error);
  }
}

/** Everybody may pass through it, because clients of other services read the trees in it. */
export function makeDataFolder(data: string): void {
  makeFolder(data, 0o751);
}

/** Only the trees can be listed and read by everybody. Modes of folders that exist are their administrator's. */
function makeFolders(layout: Layout): void {
  const { data, objects, pages, metadata, trees, staging, differences, encodings, quarantine } = layout;
  makeDataFolder(data);
  for (const folder of [objects, pages, metadata, staging, differences, encodings, quarantine])
    makeFolder(folder, 0o750);
  makeFolder(trees, 0o755);
  for (const folder of [objects, pages]) {
    if (existsSync(join(folder, 'ff'))) continue;
    for (let byte = 0; byte <= 0xff; byte += 1) {
      mkdirSync(join(folder, byte.toString(16).padStart(2, '0')), { recursive: true, mode: 0o750 });
    }
  }
}

function makeFolder(path: string, mode: number): void {
  if (mkdirSync(path, { recursive: true }) !== undefined) chmodSync(path, mode);
}

function openOrReplace(layout: Layout): Database {
  try {
    const db = openMigrated(layout);
    if (isSound(db)) return db;
    db.close();
  } catch (error) {
    if (!isBroken(error)) throw error;
  }
  for (const part of ['', '-wal', '-shm']) setAside(layout, `${layout.database}${part}`);
  return openMigrated(layout);
}

function isBroken(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT') === true;
}

function openMigrated(layout: Layout): Database {
  const db = openSqlite(layout.database);
  try {
    db.pragma('journal_mode = WAL');
    migrate(layout, db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(layout: Layout, db: Database): void {
  if (versionOf(db) === migrations.length) return;
  inTransaction(db, () => {
    const version = versionOf(db);
    if (version > migrations.length) throw tooNew(layout, version);
    for (const step of migrations.slice(version)) db.exec(step);
    db.pragma(`user_version = ${migrations.length}`);
    if (version === 0 && hasObjects(layout)) writeFact(db, 'relist', 1);
  });
  chmodSync(layout.database, 0o640);
}

function hasObjects(layout: Layout): boolean {
  return readdirSync(layout.objects).some((folder) => readdirSync(join(layout.objects, folder)).length > 0);
}

/** Takes 0.3 s for a million objects. */
function isSound(db: Database): boolean {
  return db.pragma('quick_check(1)', { simple: true }) === 'ok';
}

function requireVersion(layout: Layout, db: Database): void {
  const version = versionOf(db);
  if (version > migrations.length) throw tooNew(layout, version);
  if (version === migrations.length) return;
  throw new DepotError('data-unusable', `${layout.database} was written by another version of depotd`, {
    hint: 'start the daemon once: it brings the catalogue up to date',
  });
}

function versionOf(db: Database): number {
  return Number(db.pragma('user_version', { simple: true }));
}

function tooNew(layout: Layout, version: number): DepotError {
  const message = `${layout.database} has version ${version}, this depotd knows ${migrations.length}`;
  return new DepotError('data-unusable', message, { retry: 'never', hint: 'install the newer depotd again' });
}

/** Answers do not wait for the disk: what a power cut takes is found again from the files. */
function configure(db: Database, worker: boolean): Database {
  db.pragma('synchronous = NORMAL');
  db.pragma(`wal_autocheckpoint = ${worker ? 1000 : 0}`);
  return db;
}

function openSomehow(layout: Layout): { db: Database; closed: () => void } {
  try {
    return { db: openProbed(layout.database), closed: () => undefined };
  } catch (error) {
    if (!isUnopened(error)) throw error;
  }
  const folder = mkdtempSync(join(tmpdir(), 'depot-'));
  const closed = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, basename(layout.database));
    copyFileSync(layout.database, copy);
    if (existsSync(`${layout.database}-wal`)) copyFileSync(`${layout.database}-wal`, `${copy}-wal`);
    return { db: openProbed(copy), closed };
  } catch (error) {
    closed();
    throw error;
  }
}

function isUnopened(error: unknown): boolean {
  const code = sqliteCode(error);
  return code?.startsWith('SQLITE_CANTOPEN') === true || code?.startsWith('SQLITE_READONLY') === true;
}

/** SQLite opens lazily: the first read tells. */
function openProbed(file: string): Database {
  const db = openSqlite(file, { readOnly: true });
  try {
    db.prepare('SELECT 1 FROM sqlite_schema').get();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function asUnusable(layout: Layout, error: unknown): unknown {
  if (error instanceof DepotError) return error;
  const unusable = (message: string, hint: string): DepotError =>
    new DepotError('data-unusable', message, { cause: error, hint });
  if (isCode(error, 'ENOENT')) {
    return unusable(
      `there is no catalogue at ${layout.database}`,
      'check `data:` in the configuration, or start the daemon once',
    );
  }
  if (isCode(error, 'EACCES', 'EPERM', 'EROFS')) {
    return unusable(`no access to the data directory ${layout.data}`, 'run this as the user of the daemon, or as root');
  }
  if (isCode(error, 'ENOTDIR', 'EEXIST')) {
    return unusable(`${layout.data} is not a folder`, 'check `data:` in the configuration');
  }
  if (isBroken(error)) {
    return unusable(`${layout.database} is broken`, 'start the daemon: it builds the catalogue anew from the files');
  }
  if (isUnopened(error)) {
    return unusable(`cannot open ${layout.database}`, 'check its owner and mode, and those of the folder');
  }
  return error;
}
