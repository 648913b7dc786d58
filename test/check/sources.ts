import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { allowed } from './allowed.js';
import { unusedDependencies } from './unused-dependencies.js';
import { openProject, unusedExports } from './unused-exports.js';

/**
 * Types, the linter, and what is unused: the steps of `npm run check` that ask the compiler, in one process, because to
 * read the sources and find the type of everything takes longer than the questions.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const project = openProject(root);

const problems = ts.getPreEmitDiagnostics(project.program);
if (problems.length > 0) {
  const host = { getCanonicalFileName: String, getCurrentDirectory: () => root, getNewLine: () => '\n' };
  console.log(ts.formatDiagnostics(problems, host));
  process.exitCode = 1;
}

const linter = new ESLint({
  cwd: root,
  overrideConfig: [
    { files: ['**/*.ts'], languageOptions: { parserOptions: { project: null, programs: [project.program] } } },
  ],
});
const linted = await linter.lintFiles(['.']);
if (linted.some(({ messages }) => messages.length > 0)) {
  console.log(await (await linter.loadFormatter('stylish')).format(linted));
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
