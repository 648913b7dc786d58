import { DepotError } from '../model/errors.js';

/** The rules by which a command for a package is refused, each with its name; README.md has the table of states. */
export type Rule =
  | 'unknown-package'
  | 'name-taken'
  | 'unknown-revision'
  | 'unchanged'
  | 'base-first'
  | 'targets-first'
  | 'within-context'
  | 'distribute-first'
  | 'one-schedule'
  | 'nothing-scheduled'
  | 'unknown-ring'
  | 'released-stays'
  | 'gone-stays-gone'
  | 'changes-stay';

/** @param hint the command that helps */
export function refusal(rule: Rule, message: string, hint?: string): DepotError {
  return new DepotError('package-refused', `${message} (rule: ${rule})`, {
    retry: 'never',
    rule,
    ...(hint === undefined ? {} : { hint }),
  });
}
