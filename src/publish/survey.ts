import { join } from 'node:path';
import picomatch from 'picomatch';
import { cachedReader } from '../manifest/cached-reader.js';
import type { PageRef } from '../manifest/page.js';
import { findEntry, readEntries } from '../manifest/read.js';
import type { NamePolicy } from '../model/portable.js';
import type { HeldBack } from '../model/status.js';
import type { Job } from '../store/job.js';
import type { Store } from '../store/store.js';
import { Unknown } from './attempt.js';
import { indexUpdate } from './index-update.js';
import { identify, reasonToRefuse, unmountedOf, type SourceIdentity } from './source-guard.js';
import { walk, type WalkRules } from './walk.js';

export interface SurveyInput {
  readonly repository: string;
  /** Absolute path of the folder that is published. */
  readonly source: string;
  readonly exclude: readonly string[];
  readonly names: NamePolicy;
  /** The manifest of the newest generation, if there is one. */
  readonly published: { readonly root: PageRef; readonly files: number } | null;
  /** A person vouches for the source, whatever it looks like. */
  readonly acceptSource: boolean;
  readonly nowMs: number;
}

/** What a source looked like. */
export interface Surveyed {
  readonly refused: null;
  readonly identity: SourceIdentity;
  /** Folders below the source on which other file systems are mounted. */
  readonly mounts: readonly string[];
  /** Files and links that can be published. */
  readonly files: number;
  /** Names that were come upon, folders too: what a watcher would have to watch. */
  readonly names: number;
  /** The first `maxListed`. */
  readonly heldBack: readonly HeldBack[];
  readonly heldBackCount: number;
}

export type Survey = Surveyed | { readonly refused: string };

/** Names that are listed one by one in results and states; the rest is only counted. */
export const maxListed = 1000;

/**
 * Looks through the source, and brings its index up to date: afterwards `store.sources` has a row for each file, link
 * and empty folder that can be published, and for what could not be looked at. Files that are new or changed have no
 * object yet. Nothing is touched where the source is refused.
 */
export const survey: Job<SurveyInput, Survey> = {
  name: 'survey',
  background: true,
  run(store, input, control) {
    const { repository, source, acceptSource, published } = input;
    const identity = identify(source);
    if (identity instanceof Unknown) {
      return { refused: `${source}: ${identity.reason}; publishing goes on by itself once that is mended` };
    }

    const last = store.sources.get(repository);
    const gone = unmountedOf(source, last?.mounts ?? []);
    const unmounted = acceptSource ? new Set<string>() : gone;
    const rules = rulesOf(store, input, unmounted);
    if (!acceptSource) {
      const history = { last, publishedFiles: published?.files ?? 0 };
      const reason = reasonToRefuse(source, identity, history, () => !hasContent(source, rules));
      if (reason !== undefined) {
        return { refused: `${reason}; if that is meant, run "depot publish ${repository} --accept-source"` };
      }
    }

    const heldBack: HeldBack[] = [];
    const mounts: string[] = [];
    const counts = { files: 0, names: 0, heldBack: 0, bytes: 0 };
    const index = indexUpdate(store.sources, repository, input.nowMs);
    for (const found of walk(source, rules)) {
      counts.names += 1;
      if (counts.names % 256 === 0) {
        control.progress({ files: counts.files, bytes: counts.bytes });
        control.throwIfStopped();
      }
      if (found.kind === 'mount') {
        mounts.push(found.path);
        continue;
      }
      if (found.kind === 'held-back' || found.kind === 'unknown') {
        counts.heldBack += 1;
        if (heldBack.length < maxListed) heldBack.push({ path: found.path, reason: found.reason });
      }
      if (found.kind === 'held-back') continue;
      if (found.kind !== 'folder') counts.files += 1;
      if (found.kind === 'file') counts.bytes += found.size;
      index.take(found);
    }
    index.finish();

    const after = identify(source);
    if (after instanceof Unknown || after.device !== identity.device || after.inode !== identity.inode) {
      return { refused: `${source} was replaced while it was scanned; it is scanned again` };
    }
    const vanished = [...unmountedOf(source, [...(last?.mounts ?? []), ...mounts])].find((mount) => !gone.has(mount));
    if (vanished !== undefined) {
      return { refused: `${join(source, vanished)} was replaced while it was scanned; it is scanned again` };
    }
    return {
      refused: null,
      identity,
      mounts: [...mounts, ...unmounted],
      files: counts.files,
      names: counts.names,
      heldBack,
      heldBackCount: counts.heldBack,
    };
  },
};

function rulesOf(store: Store, { exclude, names, published }: SurveyInput, unmounted: ReadonlySet<string>): WalkRules {
  const read = cachedReader(store.pages.read);
  return {
    names,
    unmounted,
    isExcluded: exclude.length === 0 ? () => false : picomatch([...exclude], { dot: true }),
    isPublished: (path) =>
      published !== null &&
      (findEntry(published.root, path, read) !== undefined ||
        readEntries(published.root, read, { under: path }).next().done !== true),
  };
}

/** Whether anything is there to publish; what cannot be looked at counts, since it may be there. */
function hasContent(source: string, rules: WalkRules): boolean {
  for (const { kind } of walk(source, rules)) {
    if (kind === 'file' || kind === 'link' || kind === 'unknown') return true;
  }
  return false;
}
