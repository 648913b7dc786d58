import { stripVTControlCharacters } from 'node:util';
import { wrap } from '../../src/cli/columns.js';
import { table, type Look } from './table.js';
import type { Standing } from './standings.js';

/** Everything that the picture shows. */
export interface Scene {
  readonly title: string;
  readonly watch: string;
  /** What happens now, and why. */
  readonly now: string;
  readonly standings: readonly Standing[];
  /** Oldest first. */
  readonly events: readonly string[];
  /** For another terminal. */
  readonly commands: readonly string[];
  readonly runningFor: string;
  readonly nowMs: number;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Lines that `now` may take, so that what follows keeps its place. */
const narrationLines = 2;

/** The picture as lines, none wider and not more than the terminal has room for. 80 x 24 shows all, with five events. */
export function picture(scene: Scene, { columns, rows }: Size, colours: Look['colours']): string[] {
  // The last column stays free: writing there leaves the cursor where terminals differ.
  const look = { width: columns - 1, colours };
  const head = 'depotd demo: one origin, two regions, four branches, all on this machine';
  const clock = scene.runningFor.padStart(look.width - head.length);
  const told = wrap(scene.now, look.width).slice(0, narrationLines);
  const top = [
    `${colours.bold(head)}${colours.dim(clock)}`,
    ...table(scene.standings, look, scene.nowMs),
    '',
    `${colours.bold(scene.title)}`,
    ...wrap(scene.watch, look.width).map(colours.dim),
    ...told,
    ...Array.from({ length: narrationLines - told.length }, () => ''),
  ];
  const bottom = [
    ...scene.commands.flatMap((command) => wrap(`$ ${command}`, look.width)).map(colours.dim),
    `${key('space', colours)} next change now   ${key('k', colours)} kill -9 one of the daemons   ${key('q', colours)} end`,
  ];
  const room = Math.max(0, rows - top.length - bottom.length - 2);
  const events = room === 0 ? [] : scene.events.slice(-room);
  const filler = Array.from({ length: room - events.length }, () => '');
  const above = [...top, '', ...events, ...filler, ''].slice(0, Math.max(0, rows - bottom.length));
  return [...above, ...bottom].slice(0, rows).map((line) => clip(line, look.width));
}

function key(name: string, colours: Look['colours']): string {
  return colours.inverse(` ${name} `);
}

/** The line cut to a width, with its colours ended. */
function clip(line: string, width: number): string {
  if (stripVTControlCharacters(line).length <= width) return line;
  let left = width;
  const kept = line.replace(/\u001b\[[0-9;]*m|[^]/gu, (part) => {
    if (part.startsWith('\u001b')) return part;
    left -= 1;
    return left >= 0 ? part : '';
  });
  return kept;
}
