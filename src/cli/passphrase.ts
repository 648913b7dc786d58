import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { DepotError } from '../model/errors.js';
import type { Keyboard } from './interview.js';

const shortest = 8;

/** The lines of a file, each a passphrase. They are never arguments: others can see those. */
export async function passphrasesIn(file: string): Promise<string[]> {
  const lines = (await readSecret(file)).split(/\r?\n/).filter((line) => line !== '');
  if (lines.length > 0) return lines;
  throw new DepotError('bad-request', `there is no passphrase in ${file}`, { retry: 'never' });
}

/** A text that only its owner should be able to read: a passphrase, or a key. @throws DepotError `bad-request` */
export async function readSecret(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new DepotError('bad-request', `${file} cannot be read`, { cause, retry: 'never' });
  });
}

/** A passphrase that is chosen now: the first line of the file, or typed twice. */
export async function newPassphrase(
  what: string,
  file: string | undefined,
  keyboard: Keyboard,
  signal: AbortSignal,
): Promise<string> {
  const [given] = file === undefined ? [] : await passphrasesIn(file);
  const passphrase = given ?? (await askPassphrase(`New passphrase for ${what}: `, keyboard, signal));
  if (passphrase.length < shortest) {
    throw new DepotError('bad-request', `a passphrase has ${shortest} characters or more`, { retry: 'never' });
  }
  if (given === undefined && (await askPassphrase('The same again: ', keyboard, signal)) !== passphrase) {
    throw new DepotError('bad-request', 'the two are not the same; nothing was changed', { retry: 'never' });
  }
  return passphrase;
}

/** What is typed on a terminal, without being shown. @throws DepotError `interrupted` by Ctrl-C, `bad-request` without a terminal */
export async function askPassphrase(
  question: string,
  { input, output }: Keyboard,
  signal: AbortSignal,
): Promise<string> {
  if (input.isTTY !== true) {
    throw new DepotError('bad-request', 'there is no terminal to ask for the passphrase', {
      hint: 'give it in a file: --passphrase-file FILE',
      retry: 'never',
    });
  }
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  const stop = new AbortController();
  reader.once('SIGINT', () => stop.abort());
  output.write(question);
  try {
    return await reader.question('', { signal: AbortSignal.any([signal, stop.signal]) });
  } catch (cause) {
    throw new DepotError('interrupted', 'stopped; nothing was changed', { cause, retry: 'never' });
  } finally {
    output.write('\n');
    reader.close();
  }
}
