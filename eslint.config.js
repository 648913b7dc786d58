import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const shipped = 'src/**/*.ts';

/** Functions that change the file system; `import { rename } from 'node:fs'` is a door to durable state. */
const writing = [
  ...['appendFile', 'chmod', 'chown', 'copyFile', 'cp', 'createWriteStream', 'fchmod', 'fchown', 'fdatasync', 'fsync'],
  ...['ftruncate', 'futimes', 'lchown', 'link', 'lutimes', 'mkdir', 'mkdtemp', 'rename', 'rm', 'rmdir', 'symlink'],
  ...['truncate', 'unlink', 'utimes', 'write', 'writeFile', 'writev'],
].flatMap((name) => [name, `${name}Sync`]);

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/'] },
  js.configs.recommended,
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { globals: { process: 'readonly', module: 'writable', require: 'readonly' } },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/require-await': 'off', // an async function may answer at once, so that it throws as a promise
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: ['error', 'smart'],
      'no-control-regex': 'off', // names with control characters are our business
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'Set process.exitCode, so that what is under way can end.' },
      ],
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
        { object: 'process', property: 'exit', message: 'Set process.exitCode, so that what is under way can end.' },
        { object: 'Date', property: 'now', message: 'Take a Host: time has one door, src/host.ts.' },
        { object: 'Math', property: 'random', message: 'Take a Host: chance has one door, src/host.ts.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Take a Host: time has one door, src/host.ts.',
        },
        {
          selector:
            'ImportDeclaration[source.value=/^(node:)?fs/] :matches(ImportDefaultSpecifier, ImportNamespaceSpecifier)',
          message: 'Import the functions of node:fs by name, so that it shows which files write.',
        },
      ],
    },
  },
  {
    files: [shipped],
    ignores: ['src/store/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:fs', 'node:fs/promises'].map((name) => ({
            name,
            importNames: writing,
            message: 'What depotd keeps is written by src/store.',
          })),
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off', // expect.anything() is an any
    },
  },
);
