import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sizes } from './sizes.js';

/** `npm run check`: everything that is judged without running it. All steps run, whatever the others say. */
const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types, linter and unused code', 'tsx', 'test/check/sources.ts'],
  ['dependency rules', 'depcruise', '--config', '.dependency-cruiser.cjs', 'src', 'test', 'bin'],
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const tools = join(root, 'node_modules/.bin');
/** These make and drop many small objects, which is cheaper where the young generation is large. */
const env = { ...process.env, NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --max-semi-space-size=128` };

async function run(command: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(join(tools, command), args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, output }));
  });
}

async function runSteps(waiting: (typeof steps)[number][]): Promise<void> {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const [name, command, ...args] = step;
    const startedAt = performance.now();
    const { code, output } = await run(command, args);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
    if (code === 0) continue;
    process.exitCode = 1;
    console.log(output.trimEnd());
  }
}

const waiting = [...steps];
await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, () => runSteps(waiting)));
for (const folder of ['src', 'test']) console.log(sizes(root, folder));
