import { copyFile, lstat, mkdir, opendir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Real packages, each in two versions that `npm ci` installs under these names: about 3,000 files in each version. */
const installed = {
  highlight: { a: 'highlight-a', b: 'highlight-b' },
  lodash: { a: 'lodash-a', b: 'lodash-b' },
  ramda: { a: 'ramda-a', b: 'ramda-b' },
} as const;

export type PackageName = keyof typeof installed;

/** The older and the newer version. */
export type PackageVersion = 'a' | 'b';

/** The folder that holds one version; only to be read. */
export function packageFolder(name: PackageName, version: PackageVersion): string {
  return fileURLToPath(new URL(`../../node_modules/${installed[name][version]}`, import.meta.url));
}

/**
 * Makes `<folder>/<name>` equal to that version the way an administrator's tool would: files that are the same are
 * not touched, what the version does not have is deleted.
 */
export async function putPackage(folder: string, name: PackageName, version: PackageVersion): Promise<void> {
  await mirror(packageFolder(name, version), join(folder, name));
}

/** All of them. */
export async function putPackages(folder: string, version: PackageVersion): Promise<void> {
  for (const name of Object.keys(installed) as PackageName[]) await putPackage(folder, name, version);
}

async function mirror(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const wanted = new Set<string>();
  for await (const entry of await opendir(from)) {
    wanted.add(entry.name);
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    const there = await lstat(target).catch(() => undefined);
    if (there !== undefined && there.isDirectory() !== entry.isDirectory()) await rm(target, { recursive: true });
    if (entry.isDirectory()) await mirror(source, target);
    else if (!(await sameFile(source, target))) await copyFile(source, target);
  }
  for await (const entry of await opendir(to)) {
    if (!wanted.has(entry.name)) await rm(join(to, entry.name), { recursive: true });
  }
}

async function sameFile(source: string, target: string): Promise<boolean> {
  const [wanted, there] = await Promise.all([lstat(source), lstat(target).catch(() => undefined)]);
  if (there === undefined || there.size !== wanted.size || there.mode !== wanted.mode) return false;
  return (await readFile(source)).equals(await readFile(target));
}
