import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { inDurableTransaction, openSqlite, type Database } from '../../src/store/database.js';
import { temporaryFolder } from '../harness/temporary.js';

async function numbers(): Promise<Database> {
  const db = openSqlite(join(await temporaryFolder(), 'numbers.db'));
  onTestFinished(() => void db.close());
  db.exec('CREATE TABLE numbers (n INTEGER); INSERT INTO numbers VALUES (1), (2), (3)');
  return db;
}

test('prepares a statement once, and shares none whose rows are still being read', async () => {
  const db = await numbers();
  const sql = 'SELECT n FROM numbers ORDER BY n';
  const statement = db.prepare<[], { n: number }>(sql);
  expect(db.prepare(sql)).toBe(statement);
  const read: [number, number][] = [];
  for (const { n } of statement.iterate()) read.push([n, db.prepare(sql).all().length]);
  expect(read).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
});

test('waits for the disk only where that is asked for, also when the work fails', async () => {
  const db = await numbers();
  const level = (): unknown => db.pragma('synchronous', { simple: true });
  expect(inDurableTransaction(db, level)).toBe(2);
  expect(level()).toBe(1);
  const failing = (): never => {
    db.exec('DELETE FROM numbers');
    throw new Error('no');
  };
  expect(() => inDurableTransaction(db, failing)).toThrow('no');
  expect(level()).toBe(1);
  expect(db.prepare('SELECT n FROM numbers').all()).toHaveLength(3);
});
