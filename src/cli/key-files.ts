import { rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DepotError } from '../model/errors.js';
import type { KeyPlace } from '../model/trust-status.js';
import type { BroughtKeys, KeysApi } from '../serve/keys-api.js';
import { writeFileDurably } from '../store/durable.js';
import { isSealed } from '../trust/sealed.js';
import type { Keyboard } from './interview.js';
import { askPassphrase, passphrasesIn, readSecret } from './passphrase.js';

/** Options of the commands that sign a root. */
export interface BringOptions {
  readonly rootKey?: readonly string[];
  readonly passphraseFile?: string;
}

export const rootKeyOption = [
  '--root-key <file...>',
  'a root key that is not on this machine, as --export wrote it; several where several must sign',
] as const;

export const passphraseOption = [
  '--passphrase-file <file>',
  'the passphrases of sealed root keys, one a line (default: they are asked for)',
] as const;

/** Where the root key of a repository is that is on the machine of its master depot; `elsewhere` where none is. */
export async function rootKeyOf(keys: KeysApi, repository: string): Promise<KeyPlace> {
  const all = (await keys.list()).keys.filter((key) => key.repository === repository && key.role === 'root');
  return all.find(({ where }) => where !== 'elsewhere')?.where ?? 'elsewhere';
}

/** Root keys from files, and the passphrases of those that are sealed, asked for where no file has them. */
export async function bring(
  keys: KeysApi,
  repository: string,
  { rootKey = [], passphraseFile }: BringOptions,
  keyboard: Keyboard,
  signal: AbortSignal,
): Promise<BroughtKeys> {
  const brought = await Promise.all(rootKey.map(async (file) => ({ file, text: await readSecret(file) })));
  const texts = brought.map(({ text }) => text);
  if (passphraseFile !== undefined) return { keys: texts, passphrases: await passphrasesIn(passphraseFile) };
  const sealed = brought.filter(({ text }) => isSealed(text)).map(({ file }) => file);
  const isSealedHere = (await rootKeyOf(keys, repository)) === 'sealed';
  const passphrases: string[] = [];
  for (const what of [...(isSealedHere ? [`the root key of ${repository}`] : []), ...sealed]) {
    passphrases.push(await askPassphrase(`Passphrase of ${what}: `, keyboard, signal));
  }
  return { keys: texts, passphrases: passphrases.filter((passphrase) => passphrase !== '') };
}

/** @throws DepotError `bad-request` where the file is there already: it may be the only copy of a key */
export async function refuseExistingFile(file: string): Promise<void> {
  if ((await stat(file).catch(() => undefined)) === undefined) return;
  throw new DepotError('bad-request', `${file} is there already`, { hint: 'name a new file', retry: 'never' });
}

/** Durable when it resolves, and for its owner only. */
export async function writeKeyFile(file: string, text: string): Promise<void> {
  await writeFileDurably(resolve(file), text, { mode: 0o600 });
}

/** Of a key that did not come into force. */
export async function removeKeyFile(file: string): Promise<void> {
  await rm(file, { force: true });
}
