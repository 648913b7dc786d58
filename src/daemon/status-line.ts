import type { DepotStatus } from '../model/status.js';

/** One line for `systemctl status`: what is behind or wrong first. */
export function statusLine({ repositories, parents }: DepotStatus): string {
  const failed = repositories.filter(({ error }) => error !== null).length;
  const behind = repositories.filter(({ lag }) => (lag?.generations ?? 0) > 0).length;
  const held = repositories.filter(({ holds }) => holds.length > 0).length;
  const refused = repositories.filter(({ source }) => source !== null && source.refused !== null).length;
  const silent = parents.filter(({ answers }) => answers === 'no').length;
  const troubles = [
    failed > 0 ? `${failed} failed` : '',
    refused > 0 ? `${refused} with a refused source` : '',
    behind > 0 ? `${behind} behind` : '',
    held > 0 ? `${held} waiting for approval` : '',
    silent > 0 ? `${silent} of ${parents.length} parents not answering` : '',
  ].filter((trouble) => trouble !== '');
  const total = repositories.length === 1 ? '1 repository' : `${repositories.length} repositories`;
  return `${total}${troubles.length === 0 ? ', all current' : `: ${troubles.join(', ')}`}`;
}
