import { open, type FileHandle } from 'node:fs/promises';
import { formatEncodingName, type EncodingName } from '../model/encoding.js';
import type { RunJob } from '../store/job.js';
import { makeEncoding, type EncodingMade } from '../store/make-encoding.js';
import type { Store } from '../store/store.js';
import { ProcessorBudget } from './processor-budget.js';
import { isCode } from '../store/system-error.js';

/** About how long a processor takes to make an encoding of so many bytes. */
const aboutMs = (bytes: number): number => (bytes / 1024 ** 2) * 100;
/** That the budget is used up is told so often at most. */
const tellEveryMs = 3_600_000;

/** What may be made when a child asks for it and it is not there. */
export interface OnDemand {
  /** Of one processor, over an hour. A child can ask for any pair. */
  share(): number;
  /** Told when nothing is left of it, once an hour at most. */
  onUsedUp(): void;
}

const plenty: OnDemand = { share: () => 1, onUsedUp: () => undefined };

/** Encodings for children: what publishing made, or what came from above, or what is made here when it is first asked for. */
export class Encodings {
  private readonly making = new Map<string, Promise<EncodingMade>>();
  private readonly budget: ProcessorBudget;
  private toldAtMs = -Infinity;

  /** @param onDemand `ChildrenOptions.onDemand` */
  constructor(
    private readonly store: Store,
    private readonly run: RunJob,
    private readonly now: () => number,
    private readonly onDemand: OnDemand = plenty,
  ) {
    this.budget = new ProcessorBudget(now, () => onDemand.share());
  }

  /** Undefined where there is none to give. All who ask for the same wait for one making. */
  async open(name: EncodingName): Promise<{ readonly handle: FileHandle; readonly size: number } | undefined> {
    const key = formatEncodingName(name);
    const kept = await this.openFile(name);
    if (kept === 'declined') return undefined;
    if (kept !== undefined) return kept;
    const made = await (this.making.get(key) ?? this.make(key, name));
    const ready = made === 'ready' ? await this.openFile(name) : undefined;
    return ready === 'declined' ? undefined : ready;
  }

  /** Undefined where the budget is used up: the child takes what there is. */
  private make(key: string, name: EncodingName): Promise<EncodingMade> | undefined {
    const spent = this.budget.take(aboutMs(this.store.objects.size(name.sha256) ?? 0));
    if (spent === undefined) {
      this.tell();
      return undefined;
    }
    const running = this.run(makeEncoding, name, { onTime: spent }).finally(() => this.making.delete(key));
    this.making.set(key, running);
    return running;
  }

  private tell(): void {
    const now = this.now();
    if (this.onDemand.share() === 0 || now - this.toldAtMs < tellEveryMs) return;
    this.toldAtMs = now;
    this.onDemand.onUsedUp();
  }

  /** `declined`: it was made once, and does not pay. */
  private async openFile(name: EncodingName) {
    try {
      const handle = await open(this.store.layout.encodingFile(name), 'r');
      const { size } = await handle.stat();
      if (size > 0) return { handle, size };
      await handle.close();
      return 'declined' as const;
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
}
