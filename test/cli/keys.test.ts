import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addKeyCommand } from '../../src/cli/keys-add.js';
import { protectCommand } from '../../src/cli/keys-protect.js';
import { rotateCommand } from '../../src/cli/keys-rotate.js';
import type { Keyboard } from '../../src/cli/interview.js';
import type { Program } from '../../src/cli/request.js';
import { DepotError } from '../../src/model/errors.js';
import { sha256 } from '../../src/model/sha256.js';
import type { KeyPlace } from '../../src/model/trust-status.js';
import type { KeysApi } from '../../src/serve/keys-api.js';
import type { ControlServer } from '../../src/serve/control.js';
import { seal, unseal } from '../../src/trust/sealed.js';
import { readSigningKey } from '../../src/trust/signing-keys.js';
import { afterTheLast, temporaryFolder } from '../harness/temporary.js';
import { liveFacts, sampleApi, sampleDepot, serveSample, type Sample } from './fixture.js';
import { runCommand } from './run-command.js';

const now = Date.UTC(2026, 10, 21, 12);
const id = 'ab'.repeat(32);
const asked: unknown[] = [];
let where: KeyPlace = 'here';
let refusal: DepotError | undefined;
let folder: string;
let sample: Sample;
let server: ControlServer;

const change = { repository: 'tools', root: 2, generation: 13, rootKey: 'sealed' } as const;
const answer = <Result>(call: unknown[], result: Result): Promise<Result> => {
  asked.push(call);
  return refusal === undefined ? Promise.resolve(result) : Promise.reject(refusal);
};
const keys: KeysApi = {
  list: async () => ({
    keys: [
      { repository: 'tools', role: 'root', keyId: id, where, threshold: 1, expiresAt: '2027-01-01T00:00:00.000Z' },
    ],
  }),
  protect: (...call) => answer(call, { repository: 'tools', keyId: id, sealed: '{"sealed":1}\n' }),
  forget: (...call) => answer(call, { repository: 'tools' }),
  rotate: (...call) => answer(call, { ...change, roles: call[1] }),
  add: (...call) => answer(call, { ...change, roles: ['root'] }),
};

const whenDone = afterTheLast();
beforeAll(async () => {
  folder = await temporaryFolder(whenDone);
  sample = await sampleDepot(folder, now);
  server = await serveSample(
    sample,
    sampleApi(sample, liveFacts(now), () => now, { keys }),
  );
});

afterAll(async () => {
  await server.close();
  sample.store.close();
});

type Make = (program: Program, keyboard: Keyboard) => ReturnType<typeof protectCommand>;

/** Runs the command at a terminal, on which these lines are typed. */
async function typing(make: Make, typed: readonly string[], ...args: readonly string[]) {
  asked.length = 0;
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = new PassThrough();
  const rest = [...typed];
  let shown = '';
  output.on('data', (text: Buffer) => {
    shown += String(text);
    const next = rest.shift();
    if (String(text).endsWith(': ') && next !== undefined) setImmediate(() => input.write(next));
    else if (next !== undefined) rest.unshift(next);
  });
  const ran = await runCommand((program) => make(program, { input, output }), ['--config', sample.config, ...args]);
  return { ...ran, shown, asked: [...asked] };
}

test('asks twice for a new passphrase, and shows none of it', async () => {
  where = 'here';
  const ran = await typing(protectCommand, ['open sesame\r', 'open sesame\r'], 'protect', 'tools');
  expect(ran).toMatchObject({ error: undefined, asked: [['tools', 'open sesame']] });
  expect(ran.shown).toBe('New passphrase for the root key of tools: \nThe same again: \n');
  expect(ran.stdout).toContain('the root key of tools is under the passphrase\n');
});

test.each([
  ['the two differ', ['open sesame\r', 'open sesamy\r'], 'are not the same'],
  ['it is short', ['sesame\r'], '8 characters or more'],
  ['Ctrl-C is typed', ['open se\u0003'], 'nothing was changed'],
])('changes nothing where %s', async (_, typed, message) => {
  where = 'here';
  const ran = await typing(protectCommand, typed, 'protect', 'tools');
  expect(ran.asked).toEqual([]);
  expect(String(ran.error)).toContain(message);
});

test('wants a file for the passphrase where there is no terminal', async () => {
  where = 'here';
  const keyboard = { input: new PassThrough(), output: new PassThrough() };
  const { error } = await runCommand(
    (program) => protectCommand(program, keyboard),
    ['--config', sample.config, ...['protect', 'tools']],
  );
  expect(error).toMatchObject({ code: 'bad-request', hint: expect.stringContaining('--passphrase-file') });
});

test('removes an exported key only after it is in its file, and replaces no file', async () => {
  where = 'sealed';
  const file = join(folder, 'exported.key');
  const ran = await typing(protectCommand, [], 'protect', 'tools', '--export', file);
  expect(ran.asked).toEqual([
    ['tools', null],
    ['tools', sha256('{"sealed":1}\n')],
  ]);
  expect(await readFile(file, 'utf8')).toBe('{"sealed":1}\n');
  const again = await typing(protectCommand, [], 'protect', 'tools', '--export', file);
  expect(again).toMatchObject({ asked: [], error: { message: `${file} is there already` } });
});

test('asks for the passphrases of what is sealed, here and in files', async () => {
  where = 'sealed';
  const file = join(folder, 'other.key');
  await writeFile(file, await seal('a key', 'of the file'));
  const text = await readFile(file, 'utf8');
  const ran = await typing(rotateCommand, ['of the depot\r', 'of the file\r'], 'rotate', 'tools', '--root-key', file);
  const passphrases = ['of the depot', 'of the file'];
  expect(ran.asked).toEqual([['tools', ['targets', 'snapshot', 'timestamp'], { keys: [text], passphrases }]]);
  expect(ran.stdout).toContain('generation 13 was signed with them');

  const given = join(folder, 'words');
  await writeFile(given, 'one\n\ntwo\n');
  const byFile = await typing(rotateCommand, [], 'rotate', 'tools', '--role', 'root', '--passphrase-file', given);
  expect(byFile.asked).toEqual([['tools', ['root'], { keys: [], passphrases: ['one', 'two'] }]]);
  expect(byFile.stdout).toContain('depot keys protect tools --export FILE');
});

test('has a further root key on disk before it is in force, and removes it when it is refused', async () => {
  where = 'here';
  const file = join(folder, 'further.key');
  const args = ['add', 'tools', '--threshold', '2', '--export', file];
  const ran = await typing(addKeyCommand, ['open sesame\r', 'open sesame\r'], ...args);
  const [[repository, pem, threshold] = []] = ran.asked as unknown[][];
  expect([repository, threshold]).toEqual(['tools', 2]);
  expect(await unseal(await readFile(file, 'utf8'), 'open sesame')).toBe(pem);
  expect(ran.stdout).toContain(readSigningKey(String(pem)).id.slice(0, 12));

  refusal = new DepotError('root-key-needed', 'no');
  const other = join(folder, 'refused.key');
  const no = await typing(addKeyCommand, ['open sesame\r', 'open sesame\r'], ...args.slice(0, -1), other);
  refusal = undefined;
  expect(no.error).toMatchObject({ code: 'root-key-needed' });
  await expect(readFile(other)).rejects.toThrow('ENOENT');
});
