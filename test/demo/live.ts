import type { Pace } from './company.js';
import { eventLine } from './lines.js';
import { narrate } from './narrate.js';
import { picture } from './picture.js';
import type { Screen } from './screen.js';
import type { Act, Show } from './show.js';
import type { Standing } from './standings.js';
import type { Look } from './table.js';

/** What a person may want to ask of a depot in another terminal. */
export type Question = 'status' | 'holds' | 'package';

const drawEveryMs = 200;
const eventsKept = 100;

/** The demo as a picture that is redrawn in place. `stop` ends the redrawing. */
export function liveShow(
  screen: Screen,
  colours: Look['colours'],
  pace: Pace,
  standings: () => readonly Standing[],
  commands: (question: Question) => readonly string[],
): Show & { stop(): void } {
  const startedAtMs = Date.now();
  const events: string[] = [];
  let steps = 0;
  let title = '';
  let watch = '';
  let act: Act = { kind: 'starting' };
  const draw = (): void => {
    const nowMs = Date.now();
    const all = standings();
    const scene = {
      title,
      watch,
      now: narrate(act, all, pace, nowMs),
      standings: all,
      events,
      commands: commands(all.some(({ held }) => held > 0) ? 'holds' : act.kind === 'package' ? 'package' : 'status'),
      runningFor: minutesAndSeconds(nowMs - startedAtMs),
      nowMs,
    };
    screen.draw(picture(scene, screen, colours));
  };
  const timer = setInterval(draw, drawEveryMs);
  draw();
  return {
    step(newTitle, newWatch) {
      steps += 1;
      title = `${steps}. ${newTitle}`;
      watch = newWatch;
      draw();
    },
    act(newAct) {
      act = newAct;
    },
    event(depot, text) {
      events.push(eventLine(depot, text, colours));
      if (events.length > eventsKept) events.shift();
    },
    stop: () => clearInterval(timer),
  };
}

function minutesAndSeconds(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
