import type { MoveResult, TakeOverResult } from '../model/trust-status.js';
import type { BroughtKeys } from './keys-api.js';

/** The part of what a person can ask of a daemon that is about moves of repositories to another master depot. */
export interface MovesApi {
  /**
   * At the new master depot: asks the present one for the repository, all of which is here. With root keys of it, where the
   * present one is lost: takes it over.
   */
  takeOver(repository: string, brought: BroughtKeys): Promise<TakeOverResult>;
  /** There: does not ask any more. */
  cancel(repository: string): Promise<TakeOverResult>;
  /** At the present master depot: gives the repository to a depot that asks. `signed`: the directory is told later. */
  move(repository: string, to: string, brought: BroughtKeys): Promise<MoveResult>;
  /** There: turns down a depot that asks, or takes back what was signed, as long as the directory does not say so. */
  keep(repository: string, from: string | null): Promise<MoveResult>;
}
