import type { PageRef } from '../manifest/page.js';
import { DepotError } from '../model/errors.js';
import type { HeadFile } from '../model/head.js';
import type { PublishResult } from '../model/publish-status.js';
import { sameTravel, travelFreely } from '../model/travel.js';
import type { HeadRow } from '../store/heads.js';
import { compose, type Composition } from './compose.js';
import { encodeChanges } from './encode-changes.js';
import { acceptFirstSource, isFirstSource, reasonToDoubt } from './first-source.js';
import { finishGeneration, isFinished, publishGeneration } from './generation.js';
import type { MirrorSource, ScanDeps, ScanOptions } from './mirror-source.js';
import { readChanged } from './read-changed.js';
import { survey, type Surveyed } from './survey.js';
import { maxListed, type SurveyInput } from './survey-jobs.js';

export interface ScanOutcome {
  readonly result: PublishResult;
  /** What the source looked like; null where it was refused. */
  readonly surveyed: Surveyed | null;
  /** The generation that this scan made. */
  readonly head: HeadFile | null;
}

/**
 * From a source to the next generation:
 * 1. survey: look through the source, compare with the index of the last scan; a source that is not itself is refused;
 * 2. read: hash and copy what is new or changed, in several threads; objects are durable before the index names them;
 * 3. compose: the manifest of the index, edited from the published one; its pages are durable;
 * 4. encode: what large files travel as, within the time that the settings give it; what is not ready then follows;
 * 5. publish: a head with the next number, signed and durable; then it is complete, and children are told.
 * A crash at any point leaves the old generation or the new one, and no work of step 2 is done twice.
 * Not guaranteed: that the files of a generation were there at one moment. Each file is whole; the set is what a walk saw.
 */
export async function scan(settings: MirrorSource, deps: ScanDeps, options: ScanOptions): Promise<ScanOutcome> {
  const { store, run, host } = deps;
  const { repository } = settings;
  const startedMs = host.now();
  const newest = store.heads.newest(repository);
  const surveyed = await survey(run, surveyInput(settings, newest, options, startedMs), {
    signal: options.signal,
    onProgress: ({ files, bytes }) =>
      options.onProgress({ phase: 'scan', files: { done: files, total: null }, bytes: { done: bytes, total: null } }),
  });
  if (surveyed.refused !== null) {
    return { result: refusal(repository, newest, options, surveyed.refused), surveyed: null, head: null };
  }

  const read = await readChanged(settings, deps, options);
  options.signal.throwIfAborted();
  const composed = await composeManifest(repository, deps, newest, options);
  options.signal.throwIfAborted();
  const doubt =
    options.acceptSource || options.dryRun || !isFirstSource(store, repository)
      ? undefined
      : reasonToDoubt(settings.source, repository, composed);
  if (doubt !== undefined) {
    return { result: refusal(repository, newest, options, doubt), surveyed: null, head: null };
  }
  if (!options.dryRun && composed.root !== null) await encode(settings, deps, composed.root, options);
  const head = options.dryRun ? null : await publish(settings, deps, newest, composed);
  const heldBack = [...surveyed.heldBack, ...read.unreadable].slice(0, maxListed);
  const heldBackCount = surveyed.heldBackCount + read.unreadableCount;
  if (!options.dryRun) {
    acceptFirstSource(store, repository);
    const { identity, mounts, files } = surveyed;
    const path = settings.source;
    store.sources.put({ repository, path, ...identity, mounts, files, heldBack, heldBackCount, lastScanMs: startedMs });
    const root = head?.head.root ?? newest?.head.root;
    if (root !== undefined) store.sourceChanges.settle(repository, { root: root.sha256, paths: composed.unsettled });
  }
  const result: PublishResult = {
    repository,
    dryRun: options.dryRun,
    generation: head?.head.generation ?? newest?.head.generation ?? null,
    published: head !== null,
    add: composed.add,
    replace: composed.replace,
    delete: composed.delete,
    heldBack,
    heldBackCount,
    changing: read.changing,
    refused: null,
  };
  return { result, surveyed, head };
}

interface Composed extends Composition {
  /** The newest generation was not complete when the scan began, or was found damaged. */
  readonly isUnfinished: boolean;
}

function surveyInput(
  settings: MirrorSource,
  newest: HeadRow | undefined,
  options: ScanOptions,
  nowMs: number,
): SurveyInput {
  const { repository, source, exclude, names } = settings;
  const published = newest === undefined ? null : { root: newest.head.root, files: newest.head.files };
  return { repository, source, exclude, names, published, acceptSource: options.acceptSource, nowMs };
}

/**
 * Where pages of the published manifest are damaged, the manifest is written anew from the index, which gives the same
 * pages for what did not change. Not so where something in the source is unknown: only the manifest says what stays.
 */
async function composeManifest(
  repository: string,
  { store, run }: ScanDeps,
  newest: HeadRow | undefined,
  { dryRun, signal }: ScanOptions,
): Promise<Composed> {
  const root = newest?.head.root ?? null;
  const isUnfinished = newest !== undefined && !isFinished(newest);
  try {
    const composed = await run(compose, { repository, root, dryRun, enlistAll: isUnfinished }, { signal });
    return { ...composed, isUnfinished };
  } catch (error) {
    const isDamaged = error instanceof DepotError && error.code === 'manifest-damaged';
    if (!isDamaged || store.sources.problems(repository, undefined, 1).length > 0) throw error;
    const composed = await run(compose, { repository, root: null, dryRun, enlistAll: false }, { signal });
    return { ...composed, isUnfinished: true };
  }
}

/** A generation is not held up for long: what is not ready in time, or fails, a child asks for, or takes as it is. */
async function encode(
  { repository, encodeWaitMs, deltaGenerations, travel }: MirrorSource,
  { store, run, host, log }: ScanDeps,
  to: PageRef,
  { signal }: ScanOptions,
): Promise<void> {
  const waiting = new AbortController();
  // What was only signed again is no other manifest; the last one is needed to know what is new.
  const roots = new Map(store.heads.list(repository).map(({ head: { root } }) => [root.sha256, root]));
  const from = [...roots.values()].slice(0, Math.max(1, deltaGenerations));
  const encoding = run(encodeChanges, { from, to, travel, withDeltas: deltaGenerations > 0 })
    .catch((error: unknown) => log.warn({ repository }, `encodings of ${repository}: ${String(error)}`))
    .finally(() => waiting.abort());
  const patience = host.sleep(encodeWaitMs, AbortSignal.any([signal, waiting.signal])).catch(() => undefined);
  await Promise.race([encoding, patience]);
  signal.throwIfAborted();
}

async function publish(
  { repository, context, travel }: MirrorSource,
  { store, host, signer }: ScanDeps,
  newest: HeadRow | undefined,
  { root, missing, isUnfinished }: Composed,
): Promise<HeadFile | null> {
  const isSame = root === null || root.sha256 === newest?.head.root.sha256;
  const isAlike = newest?.head.context === context && sameTravel(newest.head.travel ?? travelFreely, travel);
  if (newest !== undefined && isSame && isAlike) {
    if (missing === 0 && isUnfinished) finishGeneration(store, newest);
    return null;
  }
  const head = await publishGeneration(store, host, signer, repository, { context, kind: 'mirror', travel }, root);
  if (missing === 0) finishGeneration(store, head);
  return head;
}

function refusal(
  repository: string,
  newest: HeadRow | undefined,
  { dryRun }: ScanOptions,
  refused: string,
): PublishResult {
  const none = { files: 0, bytes: 0 };
  return {
    repository,
    dryRun,
    generation: newest?.head.generation ?? null,
    published: false,
    add: none,
    replace: none,
    delete: none,
    heldBack: [],
    heldBackCount: 0,
    changing: [],
    refused,
  };
}
