import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findJob } from '../../src/daemon/jobs.js';

const src = fileURLToPath(new URL('../../src', import.meta.url));

/** Modules that act when they are loaded: the entry of a worker thread. */
const entries = ['daemon/worker.ts'];

it('finds every job that there is by its name', async () => {
  const found = new Map<string, unknown>();
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || entries.includes(file)) continue;
    const module = (await import(/* @vite-ignore */ join(src, file))) as Record<string, unknown>;
    for (const exported of Object.values(module)) {
      if (!isJob(exported)) continue;
      expect(found.get(exported.name) ?? exported, `two jobs are called ${exported.name}`).toBe(exported);
      found.set(exported.name, exported);
    }
  }
  expect(found.size).toBeGreaterThan(10);
  for (const [name, job] of found) expect(findJob(name), name).toBe(job);
});

it('says which name it does not know', () => {
  expect(() => findJob('nothing')).toThrow('no job is called nothing');
});

function isJob(value: unknown): value is { readonly name: string } {
  if (typeof value !== 'object' || value === null) return false;
  return 'name' in value && typeof value.name === 'string' && 'run' in value && typeof value.run === 'function';
}
