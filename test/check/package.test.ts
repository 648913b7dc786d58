import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { project } from './planted.js';

interface PackageFile {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean; readonly os?: readonly string[] }>>;
}

let file: PackageFile;
let lock: Lock;
let lockText: string;

beforeAll(async () => {
  file = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as PackageFile;
  lockText = await readFile(join(project, 'package-lock.json'), 'utf8');
  lock = JSON.parse(lockText) as Lock;
});

describe('package.json', () => {
  it('pins every dependency to one version', () => {
    const versions = { ...file.dependencies, ...file.devDependencies };
    for (const [name, version] of Object.entries(versions)) {
      expect(version, name).toMatch(/^(npm:[\w./@-]+@)?\d+[.]\d+[.]\d+$/);
    }
  });

  it('says of every dependency with an install script whether it may run', () => {
    const withScripts = Object.entries(lock.packages)
      .filter(([path, { hasInstallScript, os }]) => path !== '' && hasInstallScript === true && runsHere(os))
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
    expect(Object.keys(file.allowScripts).sort()).toEqual(withScripts.sort());
  });
});

it('the lock file names no host, so that npm ci asks the registry that it is told to', () => {
  expect(lockText).not.toContain('"resolved"');
});

function runsHere(os: readonly string[] | undefined): boolean {
  return os === undefined || os.includes('linux');
}
