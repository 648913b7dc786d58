import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const shipped = 'src/**/*.ts';

/** Who may change the file system: what depotd keeps goes through the store, and these write for a reason of their own. */
const writers = [
  'src/store/**',
  'src/sync/{receive,manifest-jobs,unpack-job,decode-job}.ts', // what came, until it is verified
  'src/publish/scratch.ts', // the copy of a file that may change while it is read
  'src/trust/updater.ts', // the scratch copy that tuf-js works on
  'src/serve/control.ts', // its socket
  'src/cli/init*.ts', // the YAML of a new depot
  'src/cli/key-files.ts', // a key that leaves the machine
];

/** The functions that change it. */
const writing = [
  ...['appendFile', 'chmod', 'chown', 'copyFile', 'cp', 'createWriteStream', 'fchmod', 'fchown', 'fdatasync', 'fsync'],
  ...['ftruncate', 'futimes', 'lchown', 'link', 'lutimes', 'mkdir', 'mkdtemp', 'rename', 'rm', 'rmdir', 'symlink'],
  ...['truncate', 'unlink', 'utimes', 'write', 'writeFile', 'writev'],
].flatMap((name) => [name, `${name}Sync`]);

const byTheStore = 'What depotd keeps is written by src/store.';
const byTheHost = 'Take a Host: time and chance have one door, src/host.ts.';

const noExit = {
  object: 'process',
  property: 'exit',
  message: 'Set process.exitCode, so that what is under way can end.',
};
const noClock = { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: byTheHost };
const noWholeFs = {
  selector: 'ImportDeclaration[source.value=/^(node:)?fs/] :matches(ImportDefaultSpecifier, ImportNamespaceSpecifier)',
  message: 'Import the functions of node:fs by name, so that it shows which files write.',
};
const noOpenToWrite = {
  selector: 'CallExpression[callee.name=/^open(Sync)?$/][arguments.1.value=/[wa+]/]',
  message: byTheStore,
};

export default defineConfig(
  { ignores: ['dist/', 'node_modules/'] },
  js.configs.recommended,
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { globals: { process: 'readonly', module: 'writable' } },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: ['test/tsconfig.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_$', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingUnknown: true, allowThrowingAny: true },
      ],
      '@typescript-eslint/require-await': 'off', // an async function may answer at once, so that it throws as a promise
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/unbound-method': 'off', // what has methods here is mostly made of closures
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: ['error', 'smart'],
      'no-control-regex': 'off', // names with control characters are our business
      'no-restricted-properties': ['error', noExit],
    },
  },
  {
    files: [shipped],
    ignores: ['src/host.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        noExit,
        { object: 'Date', property: 'now', message: byTheHost },
        { object: 'Math', property: 'random', message: byTheHost },
      ],
      'no-restricted-syntax': ['error', noClock, noWholeFs],
    },
  },
  {
    files: [shipped],
    ignores: writers,
    rules: {
      'no-restricted-syntax': ['error', noClock, noWholeFs, noOpenToWrite],
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:fs', 'node:fs/promises'].map((name) => ({ name, importNames: writing, message: byTheStore })),
        },
      ],
    },
  },
  {
    files: ['src/encoding/patch-*.ts'], // typed arrays in inner loops, read within their bounds
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off', // expect.anything() is an any
    },
  },
);
