import type { FileCount } from '../model/plan-status.js';

/** Deletions beyond either limit wait for a person. `null`: no such limit. `percent` is of the files in the installation copy before. */
export interface HoldAbove {
  readonly files: number | null;
  readonly percent: number | null;
}

/** Why these deletions must wait, in words; undefined where they need not. Counted in files, on this depot (FIELD: guards leak when folders count as one). */
export function reasonToHold(deleted: FileCount, filesBefore: number, limit: HoldAbove): string | undefined {
  if (deleted.files === 0) return undefined;
  if (limit.files !== null && deleted.files > limit.files) {
    return `${deleted.files} files would be deleted; more than ${limit.files} wait for approval`;
  }
  const percent = (deleted.files / Math.max(filesBefore, 1)) * 100;
  if (limit.percent !== null && percent > limit.percent) {
    const shown = percent >= 99.95 ? '100' : percent.toFixed(1);
    return `${deleted.files} of ${filesBefore} files (${shown} %) would be deleted; more than ${limit.percent} % wait for approval`;
  }
  return undefined;
}
