import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The clock on the wall as daemons see it, which a test can set as NTP or a person would; time itself passes as ever. */
export interface ShiftedClock {
  /** For `Depot.start`. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on it is that much ahead of the real one, within a fifth of a second. */
  set(aheadMs: number): Promise<void>;
}

export async function shiftedClock(folder: string): Promise<ShiftedClock> {
  const [ahead, program] = [join(folder, 'ahead'), join(folder, 'shifted-clock.mjs')];
  await writeFile(ahead, '0');
  const lines = [
    `import { readFileSync } from 'node:fs';`,
    `const now = Date.now.bind(Date);`,
    `let ahead = 0;`,
    `const look = () => { try { ahead = Number(readFileSync(${JSON.stringify(ahead)}, 'utf8')) || ahead; } catch {} };`,
    `setInterval(look, 100).unref();`,
    `Date.now = () => now() + ahead;`,
  ];
  await writeFile(program, lines.join('\n'));
  return {
    env: { NODE_OPTIONS: `--import ${pathToFileURL(program).href}` },
    set: (aheadMs) => writeFile(ahead, String(aheadMs)),
  };
}
