import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import type { Workers } from '../../src/daemon/workers.js';
import { Encoders } from '../../src/store/encoders.js';
import type { Job } from '../../src/store/job.js';
import { temporaryFolder } from '../harness/temporary.js';

const MiB = 1024 ** 2;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const job: Job<unknown, unknown> = { name: 'any', run: () => undefined };

/** Workers whose threads take memory for an encoder when they are given a job, and end in the midst of it where it says so. */
async function mortalWorkers(encoders: Encoders): Promise<Workers> {
  const folder = await temporaryFolder();
  const src = fileURLToPath(new URL('../../src', import.meta.url));
  const entryPoints = [join(src, 'daemon/workers.ts'), join(src, 'store/encoders.ts')];
  await build({ entryPoints, bundle: true, outdir: folder, format: 'esm', platform: 'node', outbase: src });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(
    join(folder, 'daemon/worker.js'),
    `import { parentPort, workerData } from 'node:worker_threads';
    import { Encoders } from '../store/encoders.js';
    parentPort.on('message', ({ kind, input }) => {
      if (kind === 'close') return parentPort.close();
      new Encoders(workerData.encoders, workerData.thread).take(${60 * MiB}, () => undefined);
      if (input === 'ends') process.exit(1);
    });`,
  );
  const made = (await import(pathToFileURL(join(folder, 'daemon/workers.js')).href)) as { Workers: typeof Workers };
  return new made.Workers(folder, 2, silent, encoders);
}

it('gives back what a thread that is lost had of the memory, and tells how long it may have worked', async () => {
  const encoders = new Encoders();
  encoders.configure({ level: 3, levelLarge: 1, memoryBytes: 130 * MiB });
  const workers = await mortalWorkers(encoders);
  const stays = workers.run(job, 'stays').catch(() => undefined);
  const times: number[] = [];
  const onTime = (ms: number): void => void times.push(ms);
  for (let time = 1; time <= 3; time += 1) {
    await expect(workers.run(job, 'ends', { onTime })).rejects.toMatchObject({ code: 'internal' });
    expect(times).toHaveLength(time);
  }
  expect(times.every((ms) => ms > 0)).toBe(true);
  // One thread is still there, and has its part.
  const stop = (): never => {
    throw new Error('waited');
  };
  encoders.take(70 * MiB, stop)();
  expect(() => encoders.take(71 * MiB, stop)).toThrow('waited');
  await workers.close();
  await stays;
  encoders.take(130 * MiB, stop)();
});

it('tells of jobs that no thread began that they took nothing', async () => {
  const workers = await mortalWorkers(new Encoders());
  const times: number[] = [];
  const onTime = (ms: number): void => void times.push(ms);
  const jobs = Array.from({ length: 3 }, () => workers.run(job, 'stays', { onTime }).catch(() => 'ended'));
  await workers.close();
  expect(await Promise.all(jobs)).toEqual(['ended', 'ended', 'ended']);
  expect(times).toHaveLength(3);
  expect(times[0]).toBe(0);
});
