import { createPrivateKey } from 'node:crypto';
import { statSync } from 'node:fs';
import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseToken } from '../../src/trust/invitation.js';
import { certificateAuthority } from '../harness/certificates.js';
import { freePorts } from '../harness/port.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { readTree, tree } from '../harness/tree.js';
import { formsOf, keysBelow, watch, type Secret, type Watched } from './watched.js';

/** What both ways of joining begin with: an origin that will publish, and where a depot joins. Keys are kept in `vault`, too. */
interface Place {
  readonly folder: string;
  readonly watched: Watched;
  readonly origin: string;
  readonly munich: string;
  readonly originUrl: string;
  /** Arguments of `depot join`. */
  readonly joining: readonly string[];
  writeOrigin(more?: Readonly<Record<string, unknown>>): Promise<void>;
}

const whenDone = afterTheLast();

async function place(): Promise<Place> {
  const folder = await temporaryFolder(whenDone);
  const [port, childPort] = await freePorts(2);
  const source = join(folder, 'source');
  await tree(source, { a: 'a', 'b/c': 'c' });
  await mkdir(join(folder, 'vault'), { mode: 0o700 });
  const origin = join(folder, 'origin.yaml');
  const originUrl = `https://127.0.0.1:${port}`;
  const repositories = { tools: { kind: 'mirror', context: 'enterprise', source, settle: '1h' } };
  const settings = { depot: 'origin', site: 'enterprise', listen: originUrl, data: join(folder, 'origin') };
  return {
    folder,
    watched: watch(folder, whenDone),
    origin,
    munich: join(folder, 'munich-1.yaml'),
    originUrl,
    joining: ['--listen', `https://127.0.0.1:${childPort}`, '--data', join(folder, 'munich-1')],
    writeOrigin: (more) => writeFile(origin, stringify({ ...settings, log: 'debug', repositories, ...more })),
  };
}

/** What a person may ask of a depot that runs. */
const questions = [['status'], ['status', '--json'], ['cert'], ['cert', '--json'], ['config', 'check']];

/** The promises of both ways. */
function keepsSecrets(at: () => Place, secrets: () => readonly Secret[]): void {
  it('the depot has what was published', async () => {
    expect(await readTree(join(at().folder, 'munich-1/trees/tools'))).toEqual({ a: 'a', 'b/c': 'c' });
  });

  it.each(['origin', 'munich-1'])('each file of the keys of %s is its owner’s alone', async (name) => {
    const keys = join(at().folder, name, 'keys');
    const entries = await readdir(keys, { recursive: true });
    const modes = await Promise.all(
      ['', ...entries].map(async (entry) => [entry, (await lstat(join(keys, entry))).mode & 0o777] as const),
    );
    for (const [entry, mode] of modes) {
      expect([entry, mode.toString(8)]).toEqual([entry, statSync(join(keys, entry)).isDirectory() ? '700' : '600']);
    }
    expect(modes.length).toBeGreaterThan(3);
  });

  it('no private key and no token stands in a log, an answer of a command, an argument, or a file beside the keys', async () => {
    const { folder, watched } = at();
    const all = [...secrets(), ...(await keysBelow(folder))];
    expect(all.length).toBeGreaterThan(10);
    const places = await watched.places(['keys', 'vault']);
    for (const { of, bytes } of all) {
      for (const [place, content] of places) {
        for (const form of bytes) expect(content.includes(form), `${of} stands in ${place}`).toBe(false);
      }
    }
    for (const [place, content] of places) expect(content.includes('PRIVATE KEY-----'), place).toBe(false);
  });
}

describe('after a company was founded, a depot joined, published, renewed and revoked', () => {
  let here: Place;
  let token: string;

  beforeAll(async () => {
    here = await place();
    const { folder, watched, origin, munich, joining } = here;
    await here.writeOrigin();
    await watched.succeed(origin, 'ca', 'init');
    await watched.start('origin');
    await watched.succeed(origin, 'publish', 'tools', '--wait');
    const invitation = await watched.run(origin, ['invite', 'munich-1', '--site', 'enterprise/munich'], {
      secret: true,
    });
    token = invitation.stdout.trim();
    const [whole, damaged] = [join(folder, 'vault/token'), join(folder, 'vault/damaged')];
    await writeFile(whole, token);
    await writeFile(
      damaged,
      token.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
    );
    const joins = (file: string, ...more: string[]) =>
      watched.run(munich, ['join', ...more, '--token-file', file, ...joining]);
    expect((await joins(damaged)).exitCode).not.toBe(0);
    expect(await joins(whole)).toMatchObject({ exitCode: 0 });
    expect((await joins(whole, '--force')).exitCode).not.toBe(0);
    await watched.start('munich-1');
    await watched.succeed(munich, 'poll', '--wait');
    for (const config of [origin, munich]) {
      await watched.succeed(config, 'cert', '--renew');
      for (const args of questions) await watched.succeed(config, ...args);
    }
    await watched.succeed(origin, 'revoke', 'munich-1');
    expect((await watched.run(munich, ['poll', '--wait'])).exitCode).not.toBe(0);
  }, 300_000);

  keepsSecrets(
    () => here,
    () => [
      { of: 'the token', bytes: [Buffer.from(token), ...formsOf(Buffer.from(parseToken(token).key, 'base64url'))] },
    ],
  );

  it('the watch saw the commands', () => {
    expect([...here.watched.commandLines].some((line) => line.includes('--token-file'))).toBe(true);
  });
});

describe('after a depot joined with a certificate of the company’s PKI, was given another, and revoked', () => {
  let here: Place;

  beforeAll(async () => {
    here = await place();
    const { folder, watched, origin, munich, joining, originUrl } = here;
    const pki = await certificateAuthority('Example');
    const file = (name: string): string => join(folder, 'vault', name);
    const subjectOf = (name: string): string => `CN=${name},O=Example GmbH`;
    const provide = async (name: string): Promise<void> => {
      const { key, chain } = await pki.issueTo(subjectOf(name));
      await writeFile(file(`${name}.key`), key, { mode: 0o600 });
      await writeFile(file(`${name}.pem`), chain);
    };
    for (const name of ['origin', 'munich-1', 'other']) await provide(name);
    // In the older form, too, in which openssl writes such keys.
    const { key } = await pki.issueTo(subjectOf('munich-1'));
    const older = createPrivateKey(key).export({ type: 'sec1', format: 'pem' });
    await writeFile(file('older.key'), older, { mode: 0o600 });
    await writeFile(file('roots.pem'), pki.root);
    await here.writeOrigin({ certificate: { file: file('origin.pem'), key: file('origin.key') } });
    const founded = await watched.succeed(origin, 'ca', 'init', '--anchors', file('roots.pem'));
    const directory = /^directory: ([0-9a-f]{64})$/m.exec(founded.stdout)?.[1] ?? '';
    await watched.start('origin');
    await watched.succeed(origin, 'publish', 'tools', '--wait');

    const joins = async (certificate: string, key: string): Promise<number | null> => {
      const shown = ['--certificate', file(certificate), '--key', file(key)];
      const where = [...joining, '--directory', directory, '--parent', originUrl];
      return (await watched.run(munich, ['join', ...shown, ...where])).exitCode;
    };
    expect(await joins('munich-1.key', 'munich-1.pem'), 'the one in place of the other').not.toBe(0);
    expect(await joins('munich-1.pem', 'other.key'), 'a key of another').not.toBe(0);
    expect(await joins('munich-1.pem', 'older.key'), 'a key of another').not.toBe(0);
    expect(await joins('munich-1.pem', 'munich-1.key'), 'a subject that is not mapped').not.toBe(0);
    const named = ['--depot', 'munich-1', '--site', 'enterprise/munich'];
    await watched.succeed(origin, 'subject', 'add', subjectOf('munich-1'), ...named);
    expect(await joins('munich-1.pem', 'munich-1.key')).toBe(0);
    await watched.start('munich-1');
    await watched.succeed(munich, 'poll', '--wait');
    await writeFile(file('munich-1.key'), older); // for a while, the key does not fit
    await watched.run(munich, ['reload']);
    await provide('munich-1');
    await watched.succeed(munich, 'reload');
    for (const config of [origin, munich]) {
      expect((await watched.run(config, ['cert', '--renew'])).exitCode).not.toBe(0);
      for (const args of questions) await watched.succeed(config, ...args);
    }
    const { json } = await watched.succeed(munich, 'cert', '--json');
    const { serial } = (json as { own: { serial: string } }).own;
    await watched.succeed(origin, 'revoke', 'munich-1', '--serial', serial);
    expect((await watched.run(munich, ['poll', '--wait'])).exitCode).not.toBe(0);
  }, 300_000);

  keepsSecrets(
    () => here,
    () => [],
  );

  it('the watch saw the commands', () => {
    expect([...here.watched.commandLines].some((line) => line.includes('--certificate'))).toBe(true);
  });
});
