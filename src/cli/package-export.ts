import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { loadSettings } from '../config/settings.js';
import { zip } from '../encoding/zip.js';
import { readEntries } from '../manifest/read.js';
import type { Entry } from '../model/entry.js';
import { DepotError } from '../model/errors.js';
import { heldRevisions, stateOf } from '../model/revisions.js';
import { writeFileDurably } from '../store/durable.js';
import type { Store } from '../store/store.js';
import { asText, packageName } from './package-name.js';
import { printJson, printProse, requestOf, type Program } from './request.js';
import { plural, size } from './words.js';

/** At any depot that has the revision, from its store: the daemon is not asked. */
export function exportCommand(program: Program): Command {
  return new Command('export')
    .description('a revision as a plain zip file, at any depot that has it')
    .argument('<package>', 'REPOSITORY/PACKAGE, or REPOSITORY/PACKAGE@REVISION (default: the released one)')
    .requiredOption('--zip <file>', 'the file to write')
    .action(async (text: string, { zip: file }: { zip: string }, command: Command) => {
      const request = requestOf(program, command);
      const [name = '', number] = text.split('@', 2);
      const of = packageName(name);
      const wanted = number === undefined ? null : requireNumber(number);
      const { data } = await loadSettings(request.configFile);
      const { Store } = await import('../store/store.js');
      const store = Store.open(data, { readOnly: true });
      try {
        const found = find(store, of.repository, of.name, wanted, request.terminal.now());
        const read = (entry: Entry & { type: 'file' }): AsyncGenerator<Uint8Array> => contentOf(store, entry);
        if ((await stat(file).catch(() => undefined)) !== undefined) {
          throw new DepotError('bad-request', `${file} is there already`, { retry: 'never' });
        }
        await writeFileDurably(file, zip(found.entries, read, found.compress));
        const { revision, files, bytes } = found.revision;
        const result = { ...of, revision, file, files, bytes };
        if (request.json) return await printJson(request.terminal, result);
        await printProse(request.terminal, [
          `${asText(of)}: revision ${revision} is in ${file}: ${plural(files, 'file')}, ${size(bytes)}`,
        ]);
      } finally {
        store.close();
      }
    });
}

/** @throws DepotError `bad-request` */
function requireNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new DepotError('bad-request', `${JSON.stringify(text)} is no number of a revision`, { retry: 'never' });
}

function find(store: Store, repository: string, name: string, wanted: number | null, nowMs: number) {
  const head = store.heads.newestComplete(repository, []);
  const record = head === undefined ? undefined : store.packages.of(head.head.root).find((each) => each.name === name);
  const held = record === undefined ? [] : heldRevisions(record);
  const revision = held.find((each) =>
    record !== undefined && wanted === null ? stateOf(record, each, nowMs) === 'released' : each.revision === wanted,
  );
  if (head === undefined || record === undefined || revision === undefined) {
    throw new DepotError(
      'not-found',
      `no ${wanted === null ? 'released revision' : `revision ${wanted}`} of ${repository}/${name} is here`,
      {
        hint: held.length === 0 ? 'depot status' : `revisions: ${held.map((each) => each.revision).join(', ')}`,
        retry: 'never',
      },
    );
  }
  const folder = `${name}/${revision.revision}`;
  const { manifest } = revision;
  if (!store.units.whole(repository)({ package: name, revision: revision.revision, manifest: manifest.sha256 })) {
    throw new DepotError('not-found', `revision ${revision.revision} of ${repository}/${name} is not whole here`, {
      hint: 'depot poll fetches it where it is distributed to this site',
    });
  }
  const entries = [...readEntries(head.head.root, store.pages.read, { under: folder })].map((entry) => ({
    ...entry,
    path: entry.path.slice(folder.length + 1),
  }));
  return { entries, revision, compress: record.compress };
}

async function* contentOf(store: Store, { object, path }: Entry & { type: 'file' }): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(store.layout.objectFile(object)) as AsyncIterable<Buffer>) {
    hash.update(piece);
    yield piece;
  }
  if (hash.digest('hex') === object) return;
  throw new DepotError('object-damaged', `the bytes of ${path} are not what its name says`, { hint: 'depot verify' });
}
