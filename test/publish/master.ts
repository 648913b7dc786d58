import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { realHost, type Host } from '../../src/host.js';
import { readEntries } from '../../src/manifest/read.js';
import type { Entry } from '../../src/model/entry.js';
import type { HeadFile } from '../../src/model/head.js';
import type { Log } from '../../src/model/log.js';
import type { MirrorSource } from '../../src/publish/mirror-source.js';
import { MirrorPublisher } from '../../src/publish/publisher.js';
import type { ReadFilesResult } from '../../src/publish/read-files.js';
import { inlineJobs, type RunJob } from '../../src/store/job.js';
import { Store } from '../../src/store/store.js';
import type { Lifetimes } from '../../src/trust/sign.js';
import { travelFreely } from '../../src/model/travel.js';
import { usualLifetimes } from '../harness/lifetimes.js';
import { temporaryFolder } from '../harness/temporary.js';
import { bytes, exe, folder, link, type Node, type Tree } from '../harness/tree.js';

/** A master depot that publishes one repository, `tools`, from the folder `source`. */
export interface Master {
  readonly data: string;
  readonly source: string;
  readonly store: Store;
  readonly settings: MirrorSource;
  readonly publisher: MirrorPublisher;
  readonly announced: HeadFile[];
  readonly lines: string[];
  /** Files that scans have read since it was asked last. */
  filesRead(): number;
  /** The newest generation as a tree, with the content of its objects. */
  tree(): Promise<Tree>;
  entries(): Entry[];
  /** Ends it, as a daemon that stops. */
  close(): Promise<Master>;
  /** Another process on the same data. */
  restart(): Promise<Master>;
  /** The same, with other settings or something that happens meanwhile. */
  with(changes: MasterOptions): Promise<Master>;
}

export interface MasterOptions {
  readonly settings?: Partial<MirrorSource>;
  readonly host?: Host;
  readonly lifetimes?: Lifetimes;
  /** Called with the data directory before it is made. */
  readonly prepare?: (data: string) => void;
  /** Called before a job of that name begins. */
  readonly before?: Readonly<Record<string, () => unknown>>;
}

/**
 * An hour ahead of the clock of the file system: so nothing in the source was changed just now, which would make the next
 * scan read it again.
 */
const anHourLater: Host = { ...realHost, now: () => Date.now() + 3_600_000 };

export async function master(options: MasterOptions = {}): Promise<Master> {
  const root = await temporaryFolder();
  options.prepare?.(join(root, 'data'));
  return open(join(root, 'data'), join(root, 'source'), options);
}

async function open(data: string, source: string, options: MasterOptions): Promise<Master> {
  const store = Store.open(data);
  let isOpen = true;
  const settings: MirrorSource = {
    repository: 'tools',
    context: 'enterprise',
    source,
    settleMs: 5000,
    exclude: [],
    names: 'portable',
    watchLimit: 20_000,
    rescanMs: 600_000,
    encodeWaitMs: 60_000,
    deltaGenerations: 3,
    travel: travelFreely,
    ...options.settings,
  };
  const announced: HeadFile[] = [];
  const lines: string[] = [];
  let filesRead = 0;
  const inline = inlineJobs(store);
  const run: RunJob = async (job, input, jobOptions) => {
    options.before?.[job.name]?.();
    const output = await inline(job, input, jobOptions);
    if (job.name === 'read-files') filesRead += (output as ReadFilesResult).files;
    return output;
  };
  const publisher = new MirrorPublisher(settings, {
    store,
    run,
    host: options.host ?? anHourLater,
    log: logTo(lines),
    lifetimes: () => options.lifetimes ?? usualLifetimes,
    onPublished: (head) => void announced.push(head),
  });
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await publisher.stop();
    store.close();
  };
  onTestFinished(close);

  const entries = (): Entry[] => {
    const head = store.heads.newest('tools');
    return head === undefined ? [] : [...readEntries(head.head.root, store.pages.read)];
  };
  const depot: Master = {
    data,
    source,
    store,
    settings,
    publisher,
    announced,
    lines,
    filesRead() {
      const count = filesRead;
      filesRead = 0;
      return count;
    },
    async tree() {
      const nodes: [string, Node][] = [];
      for (const entry of entries()) {
        if (entry.type === 'folder') nodes.push([`${entry.path}/`, folder()]);
        else if (entry.type === 'link') nodes.push([entry.path, link(entry.target)]);
        else nodes.push([entry.path, node(await readFile(store.layout.objectFile(entry.object)), entry.executable)]);
      }
      return Object.fromEntries(nodes.sort(([a], [b]) => (a < b ? -1 : 1)));
    },
    entries,
    async close() {
      await close();
      return depot;
    },
    async restart() {
      await close();
      return open(data, source, options);
    },
    async with(changes) {
      await close();
      return open(data, source, { ...options, ...changes });
    },
  };
  return depot;
}

function node(content: Buffer, isExecutable: boolean): Node {
  return isExecutable ? exe(content) : bytes(content);
}

function logTo(lines: string[]): Log {
  const line = (level: string) => (_fields: object, message: string) => void lines.push(`${level} ${message}`);
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
