import { asDepotError, type DepotError } from '../model/errors.js';
import type { HeadFile } from '../model/head.js';
import type { CycleOutcome, CycleResult } from '../model/cycle-status.js';
import type { FileCount } from '../model/plan-status.js';
import type { ApplyResult } from './apply-job.js';
import type { SyncDepot } from './depot.js';
import type { Parent } from './parents.js';

/** What a cycle came to, before it is written down. */
export interface Came {
  readonly outcome: CycleOutcome;
  readonly error?: DepotError;
  readonly target?: HeadFile;
  /** The generation of the installation copy before. */
  readonly from?: number | null;
  readonly fetched?: FileCount;
  readonly applied?: ApplyResult;
}

/** Writes down what a cycle came to: one line of the log where there is something to say, the last poll, and the history. */
export function recordCycle(
  depot: SyncDepot,
  cycle: Came & {
    readonly repository: string;
    readonly startedAtMs: number;
    readonly parent: Parent | undefined;
    /** Bytes of content that crossed the line. */
    readonly wire: number;
  },
): CycleResult {
  const { repository, startedAtMs, parent, outcome, error, target, applied, wire } = cycle;
  const { store, log, host } = depot;
  const endedAtMs = host.now();
  const stored = error === undefined ? null : { code: error.code, message: error.message, hint: error.hint ?? null };
  const fetched = cycle.fetched ?? { files: 0, bytes: 0 };
  const standing = store.trees.get(repository)?.generation ?? null;
  const figures = {
    fromGeneration: cycle.from === undefined ? standing : cycle.from,
    toGeneration: target?.head.generation ?? standing,
    addedFiles: applied?.added ?? 0,
    replacedFiles: applied?.replaced ?? 0,
    deletedFiles: applied?.deleted ?? 0,
  };
  const before = store.polls.latest(repository);
  const isRepeated = before?.lastOutcome === outcome && before.error?.message === stored?.message;
  const poll = { repository, parent: parent?.url ?? '', lastAtMs: endedAtMs, lastOutcome: outcome, error: stored };
  whereThereIsSpace(depot, () => {
    store.throughput.add(depot.line.gauge.take());
    store.polls.put(poll);
    if (outcome === 'unchanged' || (outcome !== 'applied' && isRepeated)) return;
    store.cycles.insert({
      repository,
      startedAtMs,
      endedAtMs,
      outcome,
      ...figures,
      fetchedFiles: fetched.files,
      fetchedBytes: fetched.bytes,
      error: stored,
    });
  });
  const fields = { repository, parent: parent?.url, outcome, ms: endedAtMs - startedAtMs };
  if (outcome === 'applied') {
    const held = applied?.held ?? 0;
    log.info(
      { ...fields, ...figures, fetchedFiles: fetched.files, fetchedBytes: fetched.bytes, wireBytes: wire, held },
      `${repository}: generation ${figures.toGeneration} applied`,
    );
    if (held > 0)
      log.warn({ repository, held }, `${repository}: deletion of ${held} files is held; see \`depot holds\``);
  } else if (stored !== null && outcome === 'failed') {
    const line = { ...fields, code: stored.code, hint: stored.hint };
    if (isRepeated) log.debug(line, stored.message);
    else log.warn(line, stored.message);
  } else if (outcome !== 'unchanged' && !isRepeated) {
    log.info(fields, `${repository}: ${outcome}`);
  } else {
    log.debug(fields, `${repository}: ${outcome}`);
  }
  return {
    repository,
    outcome,
    fromGeneration: figures.fromGeneration,
    toGeneration: figures.toGeneration,
    fetched,
    wire,
    added: figures.addedFiles,
    replaced: figures.replacedFiles,
    deleted: figures.deletedFiles,
    held: applied?.held ?? 0,
    error: stored === null ? null : { ...stored, at: new Date(endedAtMs).toISOString() },
  };
}

/** On a full disk the history has a gap; who polled is told all the same. */
function whereThereIsSpace({ log }: SyncDepot, write: () => void): void {
  try {
    write();
  } catch (thrown) {
    const error = asDepotError(thrown, 'write down what a poll came to');
    if (error.code !== 'disk-full') throw error;
    log.debug({ code: error.code }, error.message);
  }
}
