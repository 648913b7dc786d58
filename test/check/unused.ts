import { fileURLToPath } from 'node:url';
import { allowed } from './allowed.js';
import { unusedDependencies } from './unused-dependencies.js';
import { unusedExports } from './unused-exports.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const findings = [...unusedExports(root), ...unusedDependencies(root)];
const stale = Object.keys(allowed).filter((key) => findings.every((finding) => finding.key !== key));

for (const { key, line, why } of findings) {
  if (key in allowed) continue;
  const [file, name] = key.split(' ');
  console.log(`${file}:${line} ${name === undefined ? '' : `${name}: `}${why}`);
  process.exitCode = 1;
}
for (const key of stale) {
  console.log(`test/check/allowed.ts allows "${key}", which is used or gone: drop the entry`);
  process.exitCode = 1;
}
