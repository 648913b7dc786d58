import type { ErrorCode } from '../model/errors.js';
import type { DepotStatus } from '../model/status.js';
import { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.js';

/** From the worst on: what stops everything, what was lost, what is not published or fetched, what waits for a person. */
const order: readonly ExitCode[] = [
  exitCodes.daemonDown.code,
  exitCodes.diskFull.code,
  exitCodes.damageFound.code,
  exitCodes.sourceRefused.code,
  exitCodes.parentFailed.code,
  exitCodes.noPermission.code,
  exitCodes.failed.code,
  exitCodes.held.code,
  exitCodes.heldBack.code,
];

/** What `depot status --check` ends with: the code of the worst thing that a status tells; 0 where all is well. */
export function checkCode(status: DepotStatus): ExitCode {
  const found = [...codesOf(status)];
  const rank = (code: ExitCode): number => (order.includes(code) ? order.indexOf(code) : order.length);
  return found.sort((a, b) => rank(a) - rank(b))[0] ?? exitCodes.ok.code;
}

function* codesOf({
  running,
  parents,
  repositories,
  directory,
  certificate,
  children,
  tally,
}: DepotStatus): Generator<ExitCode> {
  if (!running) yield exitCodes.daemonDown.code;
  const errors = [...parents, ...repositories, ...[directory, certificate].filter((each) => each !== null)].flatMap(
    ({ error }): ErrorCode[] => (error === null ? [] : [error.code]),
  );
  yield* errors.map(exitCodeOf);
  for (const { damaged, source, holds, missedWindows } of repositories) {
    if (damaged > 0) yield exitCodes.damageFound.code;
    if (source !== null && source.refused !== null) yield exitCodes.sourceRefused.code;
    if (missedWindows !== null) yield exitCodes.failed.code;
    if (holds.length > 0) yield exitCodes.held.code;
    if (source !== null && source.heldBackCount > 0) yield exitCodes.heldBack.code;
  }
  if (children.some(({ silent }) => silent) || tally.silent > 0) yield exitCodes.failed.code;
}
