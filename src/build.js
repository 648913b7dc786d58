import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

/**
 * `npm run build`: src and the libraries that it uses, in a few files below dist. A command that loads five hundred files
 * one by one takes two to three times as long to start. What bin and the worker threads start keeps its place below dist;
 * the parts that several of them share lie as deep, so that a path relative to a source file stays right.
 */
const { metafile, outputFiles } = await build({
  entryPoints: ['cli/main', 'cli/terminal', 'cli/exit-codes', 'daemon/main', 'daemon/worker'].map(
    (at) => `src/${at}.ts`,
  ),
  outbase: 'src',
  outdir: 'dist',
  chunkNames: 'shared/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  mainFields: ['module', 'main'], // @peculiar/x509 and what it uses lose their names as CommonJS
  external: ['better-sqlite3', 'better-sqlite3-13', 'zstd-napi'], // they load a binary beside them
  // For the libraries that are CommonJS.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  sourcemap: true,
  legalComments: 'none', // dist/NOTICES has the licences whole
  logLevel: 'warning',
  metafile: true,
  write: false,
});

const notices = join('dist', 'NOTICES');
const written = new Set([notices, ...outputFiles.map(({ path }) => path.slice(process.cwd().length + 1))]);
for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}
writeFileSync(notices, licences(Object.keys(metafile.inputs)));
for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile() && !written.has(path)) rmSync(path); // of an earlier build
}

/** @param {string[]} inputs files that went in */
function licences(inputs) {
  const folders = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  const texts = [...folders].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((each) => /^(licen[cs]e|copying)/i.test(each));
    if (file === undefined) throw new Error(`${folder} has no licence to hand on`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
