import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { isSha256, type Sha256 } from '../../src/model/sha256.js';
import { inlineJobs } from '../../src/store/job.js';
import { relist } from '../../src/store/rebuild.js';
import { Store } from '../../src/store/store.js';
import { temporaryFolder } from '../harness/temporary.js';
import { runsTypeScript } from '../harness/typescript.js';

/** Admits batch after batch of new objects, each printed as soon as `admit` has promised it. */
const admitting = `
  import { createHash } from 'node:crypto';
  import { writeFileSync, writeSync } from 'node:fs';
  import { Store } from ${JSON.stringify(new URL('../../src/store/store.ts', import.meta.url).href)};
  const [data, round] = process.argv.slice(1);
  const store = Store.open(data);
  for (let batch = 0; ; batch += 1) {
    const objects = Array.from({ length: batch % 2 === 0 ? 5 : 40 }, (_, at) => {
      const content = 'object ' + [round, batch, at].join();
      const sha256 = createHash('sha256').update(content).digest('hex');
      const file = store.layout.stagingFile(sha256);
      const from = at % 2 === 0 ? file : Buffer.from(content);
      if (from === file) writeFileSync(from, content);
      return { sha256, size: content.length, mtimeMs: 1e12, executable: false, from };
    });
    writeSync(1, 'ready ');
    await store.objects.admit(objects);
    writeSync(1, objects.map(({ sha256 }) => sha256 + ' ').join(''));
  }
`;

function objectFiles(store: Store): Sha256[] {
  const { objects } = store.layout;
  return readdirSync(objects).flatMap((folder) => readdirSync(join(objects, folder)).filter(isSha256));
}

test('never has a row without its whole file, nor loses what was admitted, when it is killed while admitting', async () => {
  const data = await temporaryFolder();
  const promised = new Set<Sha256>();
  for (let round = 0; round < 12; round += 1) {
    const child = spawn(
      process.execPath,
      [...runsTypeScript, '--input-type=module', '--eval', admitting, data, String(round)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await once(child.stdout, 'data');
    await delay(round * 17);
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
    for (const word of output.split(' ')) if (isSha256(word)) promised.add(word);

    const store = Store.open(data);
    const known = store.db
      .prepare<[], { sha256: Buffer }>('SELECT sha256 FROM objects')
      .all()
      .map(({ sha256 }) => sha256.toString('hex') as Sha256);
    for (const sha of known) {
      expect(
        createHash('sha256')
          .update(readFileSync(store.layout.objectFile(sha)))
          .digest('hex'),
      ).toBe(sha);
    }
    expect([...promised].filter((sha) => !store.objects.has(sha))).toEqual([]);
    if (store.needsRelist) {
      await inlineJobs(store)(relist, {});
      expect(store.needsRelist).toBe(false);
    }
    expect(objectFiles(store).filter((sha) => !store.objects.has(sha))).toEqual([]);
    store.close();
  }
  expect(promised.size).toBeGreaterThan(0);
});
