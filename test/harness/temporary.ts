import { existsSync } from 'node:fs';
import { chmod, mkdtemp, opendir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { startCluster, type Cluster, type Depots, type Transport } from './cluster.js';

/** Takes what is to be undone at the end of a test, or of all tests of a file. */
export type WhenDone = (clean: () => Promise<void> | void) => void;

/**
 * What a file's `beforeAll` makes for all its tests is undone after the last of them, the latest first. Called at the top of
 * the file: an `afterAll` within `beforeAll` is never run.
 */
export function afterTheLast(): WhenDone {
  const steps: Parameters<WhenDone>[0][] = [];
  afterAll(async () => {
    const failures: unknown[] = [];
    for (const step of steps.reverse()) await Promise.resolve(step()).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  });
  return (step) => void steps.push(step);
}

/** A new empty folder that goes when the test ends, passed or failed; for `beforeAll` pass `afterTheLast()`. */
export async function temporaryFolder(whenDone: WhenDone = onTestFinished, below = tmpdir()): Promise<string> {
  const path = await mkdtemp(join(below, 'depotd-test-'));
  whenDone(() => remove(path));
  return path;
}

/** The same in memory where there is such a place: for tests of many cycles, which would wait for the disk most of the time. */
export function folderInMemory(): Promise<string> {
  const memory = '/dev/shm';
  return temporaryFolder(onTestFinished, existsSync(memory) ? memory : tmpdir());
}

/** Real daemons that are stopped when the test ends; `depots` gets the folder of the cluster, for the sources in it. */
export async function temporaryCluster(
  depots: (folder: string) => Depots | Promise<Depots>,
  whenDone: WhenDone = onTestFinished,
  transport?: Transport,
): Promise<Cluster> {
  const folder = await temporaryFolder(whenDone);
  const cluster = await startCluster(folder, await depots(folder), transport);
  whenDone(() => cluster.close());
  return cluster;
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')))
      throw error;
    await openFolders(path);
    await rm(path, { recursive: true, force: true });
  }
}

/** Folders that a test made unreadable or read-only hold on to their contents. */
async function openFolders(path: string): Promise<void> {
  await chmod(path, 0o755);
  for await (const entry of await opendir(path)) {
    if (entry.isDirectory()) await openFolders(join(path, entry.name));
  }
}
