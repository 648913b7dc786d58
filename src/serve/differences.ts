import { open, type FileHandle } from 'node:fs/promises';
import { rememberedDiff } from '../manifest/remembered.js';
import { summarize } from '../manifest/read.js';
import { encodeDifference } from '../manifest/stream.js';
import type { Change } from '../model/entry.js';
import type { Sha256 } from '../model/sha256.js';
import { writeCompressedText } from '../store/compressed-text.js';
import type { Job, RunJob } from '../store/job.js';
import type { Store } from '../store/store.js';
import { isCode } from '../store/system-error.js';

/** A difference stream: what turns the manifest `from` into the manifest `root`. */
export interface DifferenceName {
  readonly repository: string;
  readonly root: Sha256;
  readonly from: Sha256;
}

/** `unknown`: one of the two is not the root of a generation kept here. `declined`: the pages cost less. */
type Made = 'ready' | 'unknown' | 'declined';

/** Zstandard; from here on more levels cost more than they save on lines of hashes. */
const level = 9;

/** Up to so many lines a stream is made in any case. */
const alwaysMade = 1_000;
/**
 * Up to so many it is made where it has no more lines than there are entries, which fill new pages then; beyond, where it has half
 * as many, since it takes long to make and to apply, and pages are there already.
 */
const quicklyMade = 20_000;

/** Outcomes that are remembered; each is some hundred bytes. */
const remembered = 1_000;

/** Difference streams for children: each is made once, by a job, and kept as a file until gc drops it. */
export class Differences {
  private readonly making = new Map<string, Promise<Made>>();
  private readonly outcomes = new Map<string, Made>();

  constructor(
    private readonly store: Store,
    private readonly run: RunJob,
  ) {}

  /** The compressed stream; undefined where there is none to give. All who ask for the same wait for one making. */
  async open(name: DifferenceName): Promise<{ readonly handle: FileHandle; readonly size: number } | undefined> {
    const key = `${name.repository} ${name.root} ${name.from}`;
    const outcome = this.outcomes.get(key);
    if (outcome === 'declined') return undefined;
    // A file that is there may belong to a repository that the child must not see: a job has to have said `ready`.
    const kept = outcome === 'ready' ? await this.openFile(name) : undefined;
    if (kept !== undefined) return kept;
    return (await this.make(key, name)) === 'ready' ? this.openFile(name) : undefined;
  }

  private make(key: string, name: DifferenceName): Promise<Made> {
    const running = this.making.get(key);
    if (running !== undefined) return running;
    const making = this.run(makeDifference, name)
      .then((made) => {
        if (made !== 'unknown') this.remember(key, made);
        return made;
      })
      .finally(() => this.making.delete(key));
    this.making.set(key, making);
    return making;
  }

  private remember(key: string, made: Made): void {
    this.outcomes.set(key, made);
    const [oldest] = this.outcomes.keys();
    if (this.outcomes.size > remembered && oldest !== undefined) this.outcomes.delete(oldest);
  }

  private async openFile({ root, from }: DifferenceName) {
    try {
      const handle = await open(this.store.layout.differenceFile(root, from), 'r');
      return { handle, size: (await handle.stat()).size };
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
}

/** Makes the file of a difference stream, unless it is there. */
export const makeDifference: Job<DifferenceName, Made> = {
  name: 'make-difference',
  async run(store, { repository, root, from }, control) {
    const roots = store.heads.list(repository).map(({ head }) => head.root);
    const [newer, older] = [root, from].map((sha256) => roots.find((ref) => ref.sha256 === sha256));
    if (newer === undefined || older === undefined) return 'unknown';
    if (!store.pages.has(newer) || !store.pages.has(older)) return 'unknown';
    const file = store.layout.differenceFile(root, from);
    if (await isThere(file)) return 'ready';
    const { read } = store.pages;
    const { entries } = summarize(newer, read);
    const most = Math.max(alwaysMade, entries / 2, Math.min(entries, quicklyMade));
    const changes = again(() => stoppable(rememberedDiff(older, newer, read), control.throwIfStopped));
    let lines = 0;
    const onLine = (): void => {
      lines += 1;
      if (lines > most) throw new TooMany();
    };
    try {
      await writeCompressedText(file, encodeDifference(older, newer, changes, read, onLine), level);
      return 'ready';
    } catch (error) {
      if (error instanceof TooMany) return 'declined';
      throw error;
    }
  },
};

class TooMany extends Error {}

/** What is found the same each time, without being kept. */
function again<Item>(find: () => Iterator<Item>): Iterable<Item> {
  return { [Symbol.iterator]: find };
}

function* stoppable(changes: Iterable<Change>, throwIfStopped: () => void): Generator<Change> {
  let count = 0;
  for (const change of changes) {
    count += 1;
    if (count % 1_000 === 0) throwIfStopped();
    yield change;
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await (await open(file, 'r')).close();
    return true;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}
