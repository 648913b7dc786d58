import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { expect, it } from 'vitest';
import { DepotError } from '../../src/model/errors.js';
import { Encoders } from '../../src/store/encoders.js';

const MiB = 1024 ** 2;
const settings = { level: 3, levelLarge: 1, memoryBytes: 100 * MiB };
const never = (): void => undefined;

it('gives all threads the same settings, and others at once', () => {
  const encoders = new Encoders();
  const elsewhere = new Encoders(encoders.shared);
  encoders.configure(settings);
  expect(elsewhere.settings).toEqual(settings);
});

it('gives memory to those for whom there is enough, and all of it to one that needs more', () => {
  const encoders = new Encoders();
  encoders.configure(settings);
  const stop = (): never => {
    throw new DepotError('interrupted', 'waited');
  };
  const first = encoders.take(60 * MiB, never);
  expect(() => encoders.take(50 * MiB, stop)).toThrow('waited');
  const second = encoders.take(40 * MiB, stop);
  first();
  second();
  const large = encoders.take(500 * MiB, stop);
  expect(() => encoders.take(1, stop)).toThrow('waited');
  large();
  encoders.take(100 * MiB, stop)();
});

it('gives what a thread that was lost had taken to others, and leaves what they have', () => {
  const encoders = new Encoders();
  encoders.configure(settings);
  const [lost, other] = [new Encoders(encoders.shared, 1), new Encoders(encoders.shared, 2)];
  const stop = (): never => {
    throw new DepotError('interrupted', 'waited');
  };
  lost.take(30 * MiB, never)();
  lost.take(60 * MiB, never);
  const done = other.take(40 * MiB, never);
  encoders.forget(1);
  const again = new Encoders(encoders.shared, 1).take(60 * MiB, stop);
  expect(() => encoders.take(1, stop)).toThrow('waited');
  done();
  again();
  encoders.take(100 * MiB, stop)();
});

it('wakes a thread that waits when another one is done', async () => {
  const encoders = new Encoders();
  encoders.configure(settings);
  const done = encoders.take(80 * MiB, never);
  const file = fileURLToPath(new URL('../../src/store/encoders.ts', import.meta.url));
  const built = buildSync({ entryPoints: [file], bundle: true, write: false, format: 'iife', globalName: 'store' });
  const code = `${built.outputFiles[0]?.text ?? ''}
    const { workerData, parentPort } = require('node:worker_threads');
    parentPort.postMessage('waits');
    new store.Encoders(workerData).take(50 * 1024 ** 2, () => undefined);
    parentPort.postMessage('has it');`;
  const worker = new Worker(code, { eval: true, workerData: encoders.shared });
  const said: unknown[] = [];
  worker.on('message', (message) => said.push(message));
  await expect.poll(() => said, { timeout: 20_000 }).toEqual(['waits']);
  done();
  await expect.poll(() => said).toEqual(['waits', 'has it']);
  await worker.terminate();
});
