import { join } from 'node:path';
import picomatch from 'picomatch';
import { cachedReader } from '../manifest/cached-reader.js';
import type { PageRef } from '../manifest/page.js';
import { findEntry, readEntries } from '../manifest/read.js';
import type { NamePolicy } from '../model/portable.js';
import type { HeldBack } from '../model/publish-status.js';
import type { Job } from '../store/job.js';
import type { Store } from '../store/store.js';
import { Unknown } from './attempt.js';
import { indexUpdate } from './index-update.js';
import { holdsPath, rangesBetween, type PathRange } from './path-range.js';
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

/** Names that are listed one by one in results and states; the rest is only counted. */
export const maxListed = 1000;

interface Refused {
  readonly refused: string;
}

/** A source that may be looked through, and in which parts. */
export interface Opened {
  readonly refused: null;
  readonly identity: SourceIdentity;
  /** Folders on which disks were mounted and none is now, and those of them that are taken for unknown. */
  readonly gone: readonly string[];
  readonly unmounted: readonly string[];
  /** Folders on which disks were mounted at the last scan. */
  readonly mountsBefore: readonly string[];
  readonly ranges: readonly PathRange[];
}

/** With fewer rows than this a second thread has not begun before the first is done. */
const worthParting = 20_000;

/** Tells a source that is not itself; nothing is touched where it is refused. */
export const openSurvey: Job<SurveyInput & { readonly parts: number }, Opened | Refused> = {
  name: 'open-survey',
  background: true,
  run(store, input) {
    const { repository, source, acceptSource, published, parts } = input;
    const identity = identify(source);
    if (identity instanceof Unknown) {
      return { refused: `${source}: ${identity.reason}; publishing goes on by itself once that is mended` };
    }
    const last = store.sources.get(repository);
    const gone = unmountedOf(source, last?.mounts ?? []);
    const unmounted = acceptSource ? new Set<string>() : gone;
    if (!acceptSource) {
      const rules = rulesOf(store, input, unmounted);
      const history = { last, publishedFiles: published?.files ?? 0 };
      const reason = reasonToRefuse(source, identity, history, () => !hasContent(source, rules));
      if (reason !== undefined) {
        return { refused: `${reason}; if that is meant, run "depot publish ${repository} --accept-source"` };
      }
    }
    const ranges = rangesBetween(store.sources.cuts(repository, parts, worthParting));
    const mountsBefore = last?.mounts ?? [];
    return { refused: null, identity, gone: [...gone], unmounted: [...unmounted], mountsBefore, ranges };
  },
};

/** What a part of a source looked like. */
export interface SurveyedPart {
  readonly mounts: readonly string[];
  readonly files: number;
  readonly names: number;
  /** The first `maxListed`. */
  readonly heldBack: readonly HeldBack[];
  readonly heldBackCount: number;
}

/** Looks through a part of a source, and brings its index up to date there. */
export const surveyPart: Job<
  SurveyInput & { readonly unmounted: readonly string[]; readonly range: PathRange },
  SurveyedPart
> = {
  name: 'survey-part',
  background: true,
  run(store, input, control) {
    const { repository, source, range } = input;
    const heldBack: HeldBack[] = [];
    const mounts: string[] = [];
    const counts = { files: 0, names: 0, heldBack: 0, bytes: 0 };
    const index = indexUpdate(store.sources, repository, input.nowMs, range);
    for (const found of walk(source, rulesOf(store, input, new Set(input.unmounted)), range)) {
      counts.names += 1;
      if (counts.names % 256 === 0) {
        control.progress({ files: counts.files, bytes: counts.bytes });
        control.throwIfStopped();
      }
      if (found.kind === 'mount') {
        mounts.push(found.path);
        continue;
      }
      // A folder above the range, which another part tells, too.
      const isListed = holdsPath(range, found.path);
      if (isListed && (found.kind === 'held-back' || found.kind === 'unknown')) {
        counts.heldBack += 1;
        if (heldBack.length < maxListed) heldBack.push({ path: found.path, reason: found.reason });
      }
      if (found.kind === 'held-back') continue;
      if (isListed && found.kind !== 'folder') counts.files += 1;
      if (found.kind === 'file') counts.bytes += found.size;
      index.take(found);
    }
    index.finish();
    return { mounts, files: counts.files, names: counts.names, heldBack, heldBackCount: counts.heldBack };
  },
};

/** Why what was looked through is not to be believed; null where it is. */
export const closeSurvey: Job<Opened & { readonly source: string; readonly mounts: readonly string[] }, string | null> =
  {
    name: 'close-survey',
    background: true,
    run(_store, { source, identity, gone, mountsBefore, mounts }) {
      const after = identify(source);
      if (after instanceof Unknown || after.device !== identity.device || after.inode !== identity.inode) {
        return `${source} was replaced while it was scanned; it is scanned again`;
      }
      const vanished = [...unmountedOf(source, [...mountsBefore, ...mounts])].find((mount) => !gone.includes(mount));
      return vanished === undefined
        ? null
        : `${join(source, vanished)} was replaced while it was scanned; it is scanned again`;
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
