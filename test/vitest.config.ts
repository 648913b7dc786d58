import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * `npm test` takes what runs in seconds; `npm run test:long` (mode `long`) takes `*.long.test.ts`, one file at a time,
 * because those measure or load the machine.
 */
export default defineConfig(({ mode }) => {
  const long = mode === 'long';
  return {
    test: {
      root: fileURLToPath(new URL('..', import.meta.url)),
      include: [long ? 'test/**/*.long.test.ts' : 'test/**/*.test.ts'],
      exclude: long ? [] : ['test/**/*.long.test.ts'],
      globalSetup: 'test/harness/build.ts',
      reporters: ['default', './test/harness/reporter.ts'],
      testTimeout: long ? 30 * 60_000 : 60_000,
      hookTimeout: 60_000,
      fileParallelism: !long,
      maxWorkers: Math.max(2, availableParallelism() - 1), // half of the time the tests wait for daemons
      isolate: false, // loading src anew for each file takes as long as many of them
      allowOnly: false,
      restoreMocks: true,
      unstubEnvs: true,
    },
  };
});
