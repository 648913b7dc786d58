import type { GivenStatus } from '../model/line-status.js';

/** What the directory sets for a depot, in words. */
export function givenWords({ generation, network, poll }: Omit<GivenStatus, 'warnings'>): string {
  const set =
    network !== null && network === poll
      ? [`line and polls as set for ${network}`]
      : [
          ...(network === null ? [] : [`line as set for ${network}`]),
          ...(poll === null ? [] : [`polls as set for ${poll}`]),
        ];
  return `${set.length === 0 ? 'nothing that this version understands' : set.join(', ')}; directory generation ${generation}`;
}
