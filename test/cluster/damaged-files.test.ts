import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Depot } from '../harness/depot.js';
import { afterTheLast } from '../harness/temporary.js';
import { pollAll, startPair } from './chain.js';

/** A power cut leaves such files on disks that had only promised to keep them. */
const cuts = { 'is empty': () => 0, 'is cut short': (length: number) => Math.floor(length / 2) };
const whenDone = afterTheLast();
let origin: Depot;
let region: Depot;

beforeAll(async () => {
  const pair = await startPair({ a: '1' }, {}, whenDone);
  await pollAll(pair.region);
  ({ origin, region } = pair);
  await origin.cli('invite', 'munich', '--site', 'enterprise/germany/munich');
});

/** Does something while a file of the origin is cut; nothing must have touched it, and all is well when it is back. */
async function withCut(file: string, to: (length: number) => number, work: (path: string) => Promise<void>) {
  const path = join(origin.data, file);
  const bytes = readFileSync(path);
  const left = bytes.subarray(0, to(bytes.length));
  truncateSync(path, left.length);
  try {
    await work(path);
    expect(readFileSync(path).equals(left)).toBe(true);
  } finally {
    writeFileSync(path, bytes);
  }
}

describe.each(Object.entries(cuts))('a file of the depot that %s', (seen, to) => {
  it.each([
    ['keys/.authority/invitations.json', ['invite', 'augsburg', '--site', 'enterprise/germany/augsburg']],
    ['keys/.authority/issued.json', ['cert']],
    ['keys/tools/root.pem', ['keys']],
  ])('is named by the command that needs it: %s', async (file, args) => {
    await withCut(file, to, async (path) => {
      const { exitCode, stderr } = await origin.cli(...args);
      expect(exitCode).toBe(5);
      expect(stderr).toContain(path);
      expect(stderr).toContain('restore');
    });
    expect(await origin.cli(...args)).toMatchObject({ exitCode: 0 });
  });

  it('keeps no daemon from serving the rest where it is that of one repository, nor from ending', async () => {
    await origin.stop();
    await withCut('metadata/tools/timestamp.json', to, async (path) => {
      await origin.start();
      expect(origin.log()).toContain(`${path} is damaged: it ${seen}`);
      expect(await origin.cli('status')).toMatchObject({
        exitCode: 5,
        stderr: expect.stringContaining(path) as string,
      });
      expect(await origin.stop()).toMatchObject({ code: 0 });
    });
    await origin.start();
  });

  it.each(['keys/.depot/depot.pem', 'metadata/.directory/timestamp.json', 'metadata/.directory/1.root.json'])(
    'is named where the daemon cannot start without it: %s',
    async (file) => {
      await origin.stop();
      await withCut(file, to, async (path) => {
        const started = await origin.start().catch(String);
        expect(started).toContain(`${path} is damaged: it ${seen}`);
        expect(started).not.toContain('SyntaxError');
      });
      await origin.start();
    },
  );
});

it.each(['metadata/tools/timestamp.json', 'metadata/tools', 'metadata/.directory/timestamp.json'])(
  'brings %s again at a child where it was removed, as the message says',
  async (file) => {
    await region.stop();
    const path = join(region.data, file);
    rmSync(path, { recursive: true });
    await region.start();
    await pollAll(region);
    expect(existsSync(path)).toBe(true);
    expect(await region.cli('status')).toMatchObject({ exitCode: 0 });
  },
);
