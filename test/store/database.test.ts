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
