import { chmodSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/sha256.js';
import { asNobody } from '../harness/nobody.js';
import { openStore, temporaryStore } from './fixture.js';

test('goes on with a partial transfer after a restart', async () => {
  const store = await temporaryStore();
  const object = sha256('whole');
  expect(store.staging.size(object)).toBe(0);
  const first = await store.staging.openAppend(object);
  await first.write('who');
  await first.close();
  const { staging } = openStore(store.layout.data);
  expect(staging.size(object)).toBe(3);
  const second = await staging.openAppend(object);
  await second.write('le');
  const { buffer, bytesRead } = await second.read(Buffer.alloc(10), 0, 10, 0);
  await second.close();
  expect(buffer.toString('utf8', 0, bytesRead)).toBe('whole');
  staging.discard(object);
  staging.discard(object);
  expect(staging.size(object)).toBe(0);
});

test('goes on with a file that a crash left read-only, on its way to the objects', async () => {
  const { layout, staging } = await temporaryStore();
  const object = sha256('whole');
  const file = layout.stagingFile(object);
  await asNobody([layout.data, dirname(file)], async () => {
    writeFileSync(file, 'who');
    chmodSync(file, 0o444);
    const handle = await staging.openAppend(object);
    await handle.write('le');
    await handle.close();
    expect(staging.size(object)).toBe(5);
  });
});
