/**
 * The arrows: for each folder of src the folders that it may import from, besides itself. `model` stands below all and
 * is always allowed; `host` is the seam for time and chance, which nothing pure may know.
 * A folder that is not listed here may import nothing, so a new one has to be given its place.
 */
const arrows = {
  model: [],
  manifest: [],
  config: [],
  encoding: ['host'],
  trust: ['manifest', 'encoding', 'host'],
  store: ['manifest', 'encoding', 'host'],
  protocol: ['manifest', 'encoding', 'host'],
  sync: ['manifest', 'encoding', 'trust', 'store', 'protocol', 'host'],
  publish: ['manifest', 'encoding', 'trust', 'store', 'protocol', 'host'],
  serve: ['manifest', 'encoding', 'trust', 'store', 'protocol', 'host'],
  cloud: ['manifest', 'encoding', 'trust', 'store', 'protocol', 'host'],
  daemon: ['manifest', 'config', 'encoding', 'trust', 'store', 'protocol', 'sync', 'publish', 'serve', 'cloud', 'host'],
  cli: [
    'manifest',
    'config',
    'encoding',
    'trust',
    'store',
    'protocol',
    'sync',
    'publish',
    'serve',
    'cloud',
    'daemon',
    'host',
  ],
};

/** One door each: who may import a package or a part of Node, as patterns of paths. */
const doors = {
  'better-sqlite3': ['^src/store/database[.]ts$'],
  'zstd-napi': ['^src/(store|manifest|encoding)/'],
  undici: ['^src/protocol/'],
  yaml: ['^src/config/', '^src/cli/init'],
  zod: ['^src/(model|config|protocol|serve|cli|store|trust|publish)/'],
  'tuf-js': ['^src/trust/'],
  '@tufjs/models': ['^src/trust/'],
  '@peculiar/x509': ['^src/trust/x509[.]ts$'],
  'reflect-metadata': ['^src/trust/x509[.]ts$'],
  chokidar: ['^src/publish/', '^src/daemon/'],
  pino: ['^src/daemon/'],
  commander: ['^src/cli/', '^src/daemon/main[.]ts$'],
  'cli-table3': ['^src/cli/'],
  picocolors: ['^src/cli/'],
};

const io = '^(node:)?(fs|fs/promises|net|http|https|http2|tls|dgram|dns|child_process|worker_threads|os|process)$';
const pure = ['model', 'manifest'];

const place = (names) => `^src/(${names.join('|')})(/|[.]ts$)`;

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      comment:
        'Two files that need each other are one thought in two places. A type may look up to who is built of it.',
      severity: 'error',
      from: { path: '^(src|test)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...Object.entries(arrows).map(([folder, below]) => ({
      name: `arrows-of-${folder}`,
      comment: `${folder} may import from ${[...below, 'model'].join(', ')} and itself; see src/README.md.`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: place([folder, 'model', ...below]) },
    })),
    {
      name: 'arrows-of-the-unknown',
      comment: 'A folder without a place in the order; give it one in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: place([...Object.keys(arrows), 'host']) },
      to: { path: '^src/' },
    },
    {
      name: 'strangers-to-tests',
      comment: 'What ships does not know its tests.',
      severity: 'error',
      from: { path: '^(src|bin)/' },
      to: { path: '^test/' },
    },
    {
      name: 'bin-starts-only',
      comment: 'The programs start the daemon or a command and do nothing else.',
      severity: 'error',
      from: { path: '^bin/' },
      to: { path: '^(dist|src)/', pathNot: '^(dist|src)/(daemon|cli)/' },
    },
    {
      name: 'pure-stays-pure',
      comment: 'model and manifest compute; they take what they need as arguments.',
      severity: 'error',
      from: { path: place(pure) },
      to: { path: io },
    },
    ...Object.entries(doors).map(([name, path]) => ({
      name: `one-door-for-${name}`,
      comment: `${name} is known in one place, so that it can be replaced there.`,
      severity: 'error',
      from: { path: '^src/', pathNot: path },
      to: { path: `(^|/)node_modules/${name}/`, dependencyTypesNot: ['type-only'] },
    })),
    {
      name: 'ships-with-its-dependencies',
      comment: 'npm install -g brings dependencies only: nothing from devDependencies, nothing undeclared.',
      severity: 'error',
      from: { path: '^(src|bin)/', pathNot: '^src/build\\.js$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-optional'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
    moduleSystems: ['es6', 'cjs'],
    skipAnalysisNotInRules: true,
  },
};
