import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { allowed } from './allowed.js';
import { unusedDependencies } from './unused-dependencies.js';
import { openProject, unusedExports } from './unused-exports.js';

/** Types, and what is unused: two steps of `npm run check` that need the same program of the compiler. */
const root = fileURLToPath(new URL('../..', import.meta.url));
const project = openProject(root);

const problems = ts.getPreEmitDiagnostics(project.program);
if (problems.length > 0) {
  const host = { getCanonicalFileName: String, getCurrentDirectory: () => root, getNewLine: () => '\n' };
  console.log(ts.formatDiagnostics(problems, host));
  process.exitCode = 1;
}

const findings = [...unusedExports(root, project), ...unusedDependencies(root)];
for (const { key, line, why } of findings) {
  if (key in allowed) continue;
  const [file, name] = key.split(' ');
  console.log(`${file}:${line} ${name === undefined ? '' : `${name}: `}${why}`);
  process.exitCode = 1;
}
for (const key of Object.keys(allowed)) {
  if (findings.some((finding) => finding.key === key)) continue;
  console.log(`test/check/allowed.ts allows "${key}", which is used or gone: drop the entry`);
  process.exitCode = 1;
}
