/** Which bulk bytes go first. */
export const priorities = ['high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

/** What the bulk bytes of a repository are, as its packages say. */
export interface Cargo {
  readonly priority: Priority;
  /** An urgent release needs them. */
  readonly urgent: boolean;
}

export const ordinary: Cargo = { priority: 'normal', urgent: false };

/**
 * The place in the order of a line, the first is 0: what an urgent release needs, then by what this depot says of the repository,
 * then by what the publisher says of the package.
 */
export function rankOf(ofRepository: Priority, { priority, urgent }: Cargo): number {
  if (urgent) return 0;
  return 1 + priorities.indexOf(ofRepository) * priorities.length + priorities.indexOf(priority);
}
