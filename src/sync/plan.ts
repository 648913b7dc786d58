import type { PageRef, ReadPage } from '../manifest/page.js';
import { continuedFiles, type ContinuedFile } from '../manifest/predecessors.js';
import { readEntries } from '../manifest/read.js';
import type { FileEntry } from '../model/entry.js';
import { covers, demandSelector, selector, type Demand, type Selection } from '../model/selection.js';
import type { Sha256 } from '../model/sha256.js';
import type { FileCount, PlanSummary } from '../model/plan-status.js';
import { travelForms, type TravelRules } from '../model/travel.js';
import type { WantedObject } from '../store/transfers.js';
import { reasonToHold, type HoldAbove } from './deletions.js';
import { treeChanges, type AppliedTree, type TreeChange } from './tree-changes.js';

/** Everything a plan depends on; the same input gives the same plan. */
export interface PlanInput {
  readonly repository: string;
  /** The generation to complete, and the root page of its manifest; all its pages are held. */
  readonly generation: number;
  readonly root: PageRef;
  readonly travel: TravelRules;
  /** What this depot and those below it want. */
  readonly demand: Demand;
  /** This depot's own selection; null where it holds the repository for depots below it only. */
  readonly selection: Selection | null;
  /** The generation that is complete here, and for which demand. */
  readonly complete: { readonly root: PageRef; readonly demand: Demand } | null;
  /** The installation copy as it is. */
  readonly tree: AppliedTree | null;
  readonly holdAbove: HoldAbove;
}

/** A step as it is carried out; `PlanStep` of the status is its form for people. */
export type Step =
  | { readonly kind: 'fetch'; readonly object: WantedObject; readonly path: string }
  | { readonly kind: 'reuse'; readonly sha256: Sha256; readonly size: number }
  | { readonly kind: 'change'; readonly change: TreeChange };

/**
 * The steps of one cycle: each missing object once, in the order of paths, then the changes of the installation copy.
 * Inert data: reading it changes nothing, so a dry run prints the very plan that a poll executes.
 */
export function* planSteps(input: PlanInput, read: ReadPage, isHeld: (object: Sha256) => boolean): Generator<Step> {
  const formOf = travelForms(input.travel);
  const isOwn = input.selection === null ? () => false : selector(input.selection);
  const seen = new Set<Sha256>();
  for (const { entry, before } of wantedFiles(input, read, isHeld)) {
    if (seen.has(entry.object)) continue;
    seen.add(entry.object);
    if (isHeld(entry.object)) {
      yield { kind: 'reuse', sha256: entry.object, size: entry.size };
    } else {
      const { object, size, mtimeMs, executable, path } = entry;
      const relay = !isOwn(path);
      const form = formOf(entry);
      const isBased = before !== undefined && form !== 'raw' && isHeld(before.object);
      const base = isBased ? { sha256: before.object, size: before.size } : null;
      yield { kind: 'fetch', path, object: { sha256: object, size, mtimeMs, executable, relay, base, form } };
    }
  }
  if (input.selection === null) return;
  const to = { root: input.root, selection: input.selection };
  for (const change of treeChanges(input.tree ?? undefined, to, read)) yield { kind: 'change', change };
}

/** The files whose objects the demand asks for and that are not known to be complete, with those that they continue. */
function* wantedFiles(
  { root, demand, complete }: PlanInput,
  read: ReadPage,
  isHeld: (object: Sha256) => boolean,
): Generator<ContinuedFile> {
  const isWanted = demandSelector(demand);
  if (complete === null || !covers(complete.demand, demand)) {
    for (const entry of readEntries(root, read)) {
      if (entry.type === 'file' && isWanted(entry.path)) yield { entry, before: undefined };
    }
    return;
  }
  const isSought = ({ path, object }: FileEntry): boolean => isWanted(path) && !isHeld(object);
  for (const continued of continuedFiles(complete.root, root, read, isSought)) {
    if (isWanted(continued.entry.path)) yield continued;
  }
}

/** A plan of which it is not known yet what crosses the line. */
export type PlanCounts = Omit<PlanSummary, 'wire'>;

/** Adds steps up to what people and reports are told. */
export class PlanTotals {
  private readonly counts = {
    add: none(),
    replace: none(),
    delete: none(),
    fetch: none(),
    relay: none(),
    urgent: none(),
    reused: none(),
  };
  /** Deletions that are the publisher's, which the limits count. */
  private readonly published = none();

  take(step: Step): void {
    const { counts } = this;
    if (step.kind === 'reuse') return count(counts.reused, step.size);
    if (step.kind === 'fetch') {
      count(counts.fetch, step.object.size);
      if (step.object.relay) count(counts.relay, step.object.size);
      return;
    }
    const { change } = step;
    const entry = change.kind === 'delete' ? change.old : change.entry;
    if (entry.type === 'folder') return;
    const bytes = entry.type === 'file' ? entry.size : 0;
    count(counts[change.kind], bytes);
    if (change.kind === 'delete' && !change.withdrawn) count(this.published, bytes);
  }

  /** Why the plan's deletions would wait; undefined where they would not. */
  holdReason(input: PlanInput): string | undefined {
    return reasonToHold(this.published, input.tree?.files ?? 0, input.holdAbove);
  }

  summary(input: PlanInput): PlanCounts {
    const hold = this.holdReason(input) === undefined ? none() : this.published;
    return {
      repository: input.repository,
      from: input.tree?.generation ?? null,
      to: input.generation,
      hold: { ...hold },
      ...structuredClone(this.counts),
      contentAt: null,
    };
  }
}

type Count = { -readonly [Key in keyof FileCount]: FileCount[Key] };

function none(): Count {
  return { files: 0, bytes: 0 };
}

function count(total: Count, bytes: number): void {
  total.files += 1;
  total.bytes += bytes;
}
