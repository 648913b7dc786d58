import { describe, expect, it } from 'vitest';
import { decodeDelta } from '../../src/encoding/delta.js';
import { unpackBundle } from '../../src/encoding/bundle.js';
import { prefixOf, readSolid } from '../../src/encoding/solid.js';
import { sha256, type Sha256 } from '../../src/model/sha256.js';
import { Encoders } from '../../src/store/encoders.js';
import { makeEncoding } from '../../src/store/make-encoding.js';
import { bytesOf, noise, together } from '../encoding/source.js';
import { hosted } from './hosted.js';

async function read(chunks: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  if (chunks === undefined) throw new Error('nothing came');
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** The texts that come of those asked for, by their places. */
async function unpack(chunks: AsyncIterable<Uint8Array>, contents: readonly string[], bases: readonly string[] = []) {
  const files: Record<number, string> = {};
  const prefix = prefixOf(bases.map((base) => Buffer.from(base)));
  const sizes = contents.map((content) => Buffer.byteLength(content));
  for await (const { place, bytes } of unpackBundle([await read(chunks)], prefix, sizes)) {
    files[place] = Buffer.from(bytes).toString();
  }
  return files;
}

const hashes = (contents: readonly string[]): Sha256[] => contents.map((content) => sha256(content));

describe('a bundle', () => {
  it('has what the repository has, and not what another one does', async () => {
    const { child, publish } = await hosted();
    await publish('tools', { a: 'first', b: 'second' });
    await publish('bavaria', { c: 'of another' });
    const asked = ['second', 'of another', 'nowhere', 'first'];
    const answer = await child().bundle('tools', hashes(asked), [], 0);
    expect(answer?.isOnBases).toBe(false);
    if (answer === undefined) throw new Error('no bundle');
    expect(await unpack(answer.chunks, asked)).toEqual({ 0: 'second', 3: 'first' });
  });

  it('is made on bases that the repository has, and on nothing where one of them is of another', async () => {
    const { child, publish } = await hosted();
    await publish('tools', { a: 'before', b: 'after' });
    await publish('bavaria', { c: 'of another' });
    const on = async (bases: readonly string[]) => {
      const answer = await child().bundle('tools', hashes(['after']), hashes(bases), 0);
      if (answer === undefined) throw new Error('no bundle');
      const files = await unpack(answer.chunks, ['after'], answer.isOnBases ? bases : []);
      return { isOnBases: answer.isOnBases, files };
    };
    expect(await on(['before'])).toEqual({ isOnBases: true, files: { 0: 'after' } });
    expect(await on(['before', 'of another'])).toEqual({ isOnBases: false, files: { 0: 'after' } });
  });

  it('is made once for all who ask for the same', async () => {
    let made = 0;
    const { child, publish } = await hosted({}, (run) => (job, input, options) => {
      if (job.name === 'make-bundle') made += 1;
      return run(job, input, options);
    });
    await publish('tools', { a: 'first', b: 'second' });
    const ask = async () => child().bundle('tools', hashes(['first', 'second']), [], 0);
    const answers = await Promise.all([ask(), ask(), ask()]);
    await Promise.all(answers.map(async (answer) => read(answer?.chunks)));
    expect(made).toBe(1);
  });

  it('is refused where the request is none, and outside the scope', async () => {
    const { child, publish, url } = await hosted();
    await publish('tools', { a: 'first' });
    await publish('paris', { a: 'first' });
    const ask = (repository: string, body: Uint8Array) =>
      fetch(`${url}/v1/repositories/${repository}/bundle`, {
        method: 'POST',
        body,
        headers: { 'depotd-depot': 'munich-1', 'depotd-site': 'enterprise/germany/munich' },
      });
    expect((await ask('tools', Buffer.from([0, 0, 0, 9, 0, 0, 0, 0]))).status).toBe(400);
    expect((await ask('tools', Buffer.alloc(0))).status).toBe(400);
    expect((await ask('paris', Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]))).status).toBe(404);
    expect(await child().bundle('paris', hashes(['first']), [], 0)).toBeUndefined();
  });
});

describe('an encoding', () => {
  const before = Buffer.from(noise(200_000).toString('hex'));
  const after = Buffer.concat([before.subarray(0, 100_000), Buffer.from('inserted'), before.subarray(100_000)]);

  it('is made when it is first asked for, and gives the object', async () => {
    const { child, publish } = await hosted();
    await publish('tools', { before, after });
    const [object, base] = [sha256(after), sha256(before)];
    const whole = await child().encoding('tools', { sha256: object, base: null }, after.length, 0);
    if (whole === undefined) throw new Error('no encoding');
    const compressed = await read(whole.chunks);
    expect(compressed.length).toBeLessThan(after.length * 0.6);
    expect(together(readSolid(new Uint8Array(0), [compressed], after.length)).equals(after)).toBe(true);

    const name = { sha256: object, base };
    const delta = await read((await child().encoding('tools', name, after.length, 0))?.chunks);
    expect(delta.length).toBeLessThan(1_000);
    expect(together(decodeDelta(bytesOf(delta), bytesOf(before), after.length)).equals(after)).toBe(true);
    const rest = await child().encoding('tools', name, after.length, 40);
    expect(rest?.offset).toBe(40);
    expect((await read(rest?.chunks)).equals(delta.subarray(40))).toBe(true);
    const nothingLeft = await child().encoding('tools', name, after.length, delta.length);
    expect((await read(nothingLeft?.chunks)).length).toBe(0);
  });

  it('is not made where it does not pay, nor of what the repository does not have', async () => {
    const { child, publish, store } = await hosted();
    const incompressible = noise(300_000);
    await publish('tools', { before, incompressible });
    await publish('bavaria', { after });
    const at = (object: Buffer, base: Buffer | null) =>
      child().encoding('tools', { sha256: sha256(object), base: base === null ? null : sha256(base) }, 1_000_000, 0);
    expect(await at(incompressible, null)).toBeUndefined();
    expect(await at(after, null)).toBeUndefined();
    expect(await at(before, after)).toBeUndefined();
    const made = await makeEncoding.run(
      store,
      { sha256: sha256(incompressible), base: sha256(before) },
      {
        progress: () => undefined,
        throwIfStopped: () => undefined,
        encoders: new Encoders(),
      },
    );
    expect(made).toBe('declined');
  });
});
