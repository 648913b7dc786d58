import { stat } from 'node:fs/promises';
import picomatch from 'picomatch';
import type { Host } from '../host.js';
import type { SourceStatus } from '../model/publish-status.js';
import type { MirrorSource } from './mirror-source.js';
import { isRemote, type SourceIdentity } from './source-guard.js';
import type { Surveyed } from './survey.js';
import { watchFolder, type Watcher } from './watcher.js';

/** After a failure the source is scanned at intervals, and watching is tried again so much later. */
const failureMs = 24 * 60 * 60 * 1000;

/** Watches a source where that is possible, and says why not where it is not. */
export class SourceWatch {
  private current: { readonly watcher: Watcher; readonly key: string; readonly root: SourceIdentity } | undefined;
  private state: Pick<SourceStatus, 'mode' | 'modeReason'> = { mode: 'starting', modeReason: null };
  private failure: { readonly reason: string; readonly atMs: number } | undefined;

  constructor(
    private readonly host: Host,
    private readonly events: {
      /** Something in the source is, or may be, different. */
      readonly onChange: () => void;
      /** It cannot be watched, or not any more. */
      readonly onFailure: (reason: string) => void;
    },
  ) {}

  get mode(): Pick<SourceStatus, 'mode' | 'modeReason'> {
    return this.state;
  }

  get isWatching(): boolean {
    return this.current !== undefined;
  }

  /** After a scan: watches what was scanned, or stops to. */
  async follow(settings: MirrorSource, surveyed: Surveyed): Promise<void> {
    const reason = this.reasonNot(settings, surveyed);
    if (reason !== undefined) return this.stop('rescanned', reason);

    const { source, exclude } = settings;
    const { identity } = surveyed;
    const key = JSON.stringify([source, exclude, identity]);
    if (this.current?.key === key) return;
    await this.stop('starting', null);
    let { names } = surveyed;
    const watcher = watchFolder(source, exclude.length === 0 ? () => false : picomatch([...exclude], { dot: true }), {
      onChange: this.events.onChange,
      onCount: (change) => {
        names += change;
        if (names <= settings.watchLimit || this.current?.watcher !== watcher) return;
        // At once: until the next scan a folder that is being filled would keep the watcher, and this thread, busy.
        void this.stop('rescanned', `it has more than ${settings.watchLimit} names, the watch-limit`);
        this.events.onChange();
      },
      onFailure: (error) => {
        if (this.current?.watcher !== watcher) return;
        const text = `it cannot be watched: ${error.message}`;
        this.failure = { reason: text, atMs: this.host.now() };
        this.events.onFailure(text);
        void this.stop('rescanned', text);
      },
    });
    this.current = { watcher, key, root: identity };
    this.state = { mode: 'watched', modeReason: null };
  }

  async stop(mode: SourceStatus['mode'], reason: string | null): Promise<void> {
    const watcher = this.current?.watcher;
    this.current = undefined;
    this.state = { mode, modeReason: reason };
    await watcher?.close();
  }

  /** Whether another folder stands where the watched one was, or none: the watcher is still on the old one then. */
  async isReplaced(source: string): Promise<boolean> {
    if (this.current === undefined) return false;
    const { device, inode } = this.current.root;
    try {
      const { dev, ino } = await stat(source, { bigint: true });
      return Number(dev) !== device || Number(BigInt.asUintN(53, ino)) !== inode;
    } catch {
      return true;
    }
  }

  private reasonNot({ watchLimit }: MirrorSource, { names, identity }: Surveyed): string | undefined {
    if (names > watchLimit) return `it has ${names} names, more than the watch-limit of ${watchLimit}`;
    if (isRemote(identity)) return `what other machines change on ${identity.filesystem} cannot be watched`;
    if (this.failure !== undefined && this.host.now() < this.failure.atMs + failureMs) return this.failure.reason;
    return undefined;
  }
}
