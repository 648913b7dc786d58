import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DepotError } from '../../src/model/errors.js';
import { refreshMetadata } from '../../src/trust/refresh.js';
import { downloadTarget } from '../../src/trust/targets.js';
import type { TrustedFiles } from '../../src/model/metadata.js';
import { overHttp } from './over-http.js';

const topLevel = ['root', 'timestamp', 'snapshot', 'targets'] as const;

/** Runs one command of the suite; the exit code is 0 when all of it succeeded, and 1 otherwise. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      'metadata-dir': { type: 'string' },
      'metadata-url': { type: 'string' },
      'target-name': { type: 'string', multiple: true },
      'target-base-url': { type: 'string' },
      'target-dir': { type: 'string' },
    },
  });
  const [command, trustedRoot] = positionals;
  const metadataDir = given(values['metadata-dir'], '--metadata-dir');
  if (command === 'init') return copyFile(given(trustedRoot, 'a trusted root'), join(metadataDir, 'root.json'));

  const source = overHttp(given(values['metadata-url'], '--metadata-url'), values['target-base-url'] ?? '');
  const scratch = await mkdtemp(join(tmpdir(), 'tuf-client-'));
  try {
    if (command === 'refresh') await refresh(metadataDir, source, scratch);
    else if (command === 'download') {
      const names = values['target-name'] ?? [];
      await download(metadataDir, source, scratch, names, given(values['target-dir'], '--target-dir'));
    } else throw new DepotError('bad-request', 'the commands are init, refresh and download');
  } finally {
    await rm(scratch, { recursive: true });
  }
}

type Source = ReturnType<typeof overHttp>;

async function refresh(metadataDir: string, source: Source, scratch: string): Promise<Required<TrustedFiles>> {
  const held: { -readonly [role in keyof TrustedFiles]: TrustedFiles[role] } = {
    root: await readFile(join(metadataDir, 'root.json')),
  };
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    const bytes = await readIfThere(join(metadataDir, `${role}.json`));
    if (bytes !== undefined) held[role] = bytes;
  }
  let verified: TrustedFiles = held;
  try {
    const refreshed = await refreshMetadata(held, source, {
      scratch: await folder(scratch, 'refresh'),
      subject: 'the repository',
      partly: ({ files }) => (verified = files),
    });
    verified = refreshed.files;
    return refreshed.files;
  } finally {
    for (const role of topLevel) {
      const bytes = verified[role];
      if (bytes !== undefined) await replace(join(metadataDir, `${role}.json`), bytes);
    }
  }
}

async function download(
  metadataDir: string,
  source: Source,
  scratch: string,
  names: readonly string[],
  targetDir: string,
): Promise<void> {
  const held = await refresh(metadataDir, source, scratch);
  const copy = await folder(scratch, 'targets');
  for (const file of await delegated(metadataDir)) await copyFile(join(metadataDir, file), join(copy, file));
  try {
    for (const name of names) {
      const file = join(targetDir, encodeURIComponent(name));
      const cached = await readIfThere(file);
      const bytes = await downloadTarget(held, name, source, { scratch: copy, subject: 'the repository', cached });
      if (bytes !== cached) await replace(file, bytes);
    }
  } finally {
    for (const file of await delegated(copy)) await replace(join(metadataDir, file), await readFile(join(copy, file)));
  }
}

/** The files of delegated roles in a folder of metadata. */
async function delegated(folder: string): Promise<string[]> {
  const own = new Set<string>(topLevel.map((role) => `${role}.json`));
  return (await readdir(folder)).filter((name) => name.endsWith('.json') && !own.has(name));
}

async function folder(parent: string, name: string): Promise<string> {
  await mkdir(join(parent, name));
  return join(parent, name);
}

async function replace(file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, bytes);
  await rename(`${file}.new`, file);
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function given(value: string | undefined, what: string): string {
  if (value === undefined) throw new DepotError('bad-request', `${what} is needed`);
  return value;
}

try {
  await main();
} catch (error) {
  process.exitCode = 1;
  console.error(error instanceof DepotError ? `${error.code}: ${error.message}` : error);
}
