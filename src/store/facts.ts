import type { Database } from './database.js';

/**
 * `references` counts the events that make something referenced that may not have been before: a collection that was
 * planned at another count is out of date. `relist` is 1 while objects/ may hold what the catalogue lost.
 */
export type FactName = 'references' | 'relist';

export function readFact(db: Database, name: FactName): number {
  const row = db.prepare<[string], { value: number }>('SELECT value FROM facts WHERE name = ?').get(name);
  return row?.value ?? 0;
}

export function writeFact(db: Database, name: FactName, value: number): void {
  db.prepare('INSERT OR REPLACE INTO facts VALUES (?, ?)').run(name, value);
}

/** To be called in the transaction that makes the reference, before anybody relies on what is referenced being there. */
export function countReference(db: Database): void {
  db.prepare(`UPDATE facts SET value = value + 1 WHERE name = 'references'`).run();
}
