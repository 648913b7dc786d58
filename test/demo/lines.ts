import type { Pace } from './company.js';
import { narrate } from './narrate.js';
import type { Show } from './show.js';
import type { Standing } from './standings.js';
import { table, type Look } from './table.js';

const width = 80;

/** The demo as lines below each other, each with its time; a table of all depots after each change. */
export function linesShow(
  write: (line: string) => void,
  colours: Look['colours'],
  pace: Pace,
  standings: () => readonly Standing[],
): Show {
  let steps = 0;
  const say = (depot: string, text: string): void => write(eventLine(depot, text, colours));
  return {
    step(title, watch) {
      steps += 1;
      write('');
      say('', colours.bold(`${steps}. ${title}`));
      say('', watch);
    },
    act(act) {
      if (act.kind === 'package') return say('', narrate(act, standings(), pace, Date.now()));
      if (act.kind !== 'arrived') return;
      const all = standings();
      say('', narrate(act, all, pace, Date.now()));
      for (const line of table(all, { width, colours }, Date.now())) write(`  ${line}`);
    },
    event: say,
  };
}

/** `14:03:07  munich   ...`, in local time. */
export function eventLine(depot: string, text: string, { dim }: Look['colours']): string {
  const time = new Date().toTimeString().slice(0, 8);
  return `${dim(time)}  ${depot === '' ? '' : `${depot.padEnd(7)}  `}${text}`;
}
