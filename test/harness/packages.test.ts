import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageFolder, putPackage, putPackages } from './packages.js';
import { temporaryFolder } from './temporary.js';
import { differences, readTree } from './tree.js';

it('offers three real packages with more than a thousand files', async () => {
  const folder = await temporaryFolder();
  await putPackages(folder, 'a');
  expect(Object.keys(await readTree(folder)).length).toBeGreaterThan(1000);
});

it('turns one version into the other and leaves alone what both have', async () => {
  const folder = await temporaryFolder();
  const kept = join(folder, 'lodash', 'chunk.js');
  await putPackage(folder, 'lodash', 'a');
  const before = await stat(kept);
  await putPackage(folder, 'lodash', 'b');
  expect(await differences(join(folder, 'lodash'), packageFolder('lodash', 'b'))).toBe('');
  expect((await stat(kept)).ctimeMs).toBe(before.ctimeMs);
});
