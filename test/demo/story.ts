import { cp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageFolder, putPackage } from '../harness/packages.js';

/** One change of the source, and what it shows. */
export interface Step {
  readonly title: string;
  /** What a person should watch for. */
  readonly watch: string;
  change(source: string): Promise<void>;
}

/** Puts two packages of about 1,300 files into the source. */
export async function fill(source: string): Promise<void> {
  await putPackage(source, 'lodash', 'a');
  await cp(installed('yaml'), join(source, 'yaml'), { recursive: true });
}

/** Packages that come and go. Each has fewer files than would be held when they are deleted. */
const guests = ['undici', 'pino'] as const;

/** A round of changes. It ends with the packages that it began with, so that another one can follow. */
export async function round(number: number): Promise<Step[]> {
  const [from, to] = number % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const);
  const [before, after] = [
    await versionOf(packageFolder('lodash', from)),
    await versionOf(packageFolder('lodash', to)),
  ];
  const guest = guests[number % guests.length] ?? guests[0];
  const version = await versionOf(installed(guest));
  const shelf = `${guest}-${version}`;
  const known = 'All of it was here before and is kept for a day: nothing crosses any line.';
  return [
    {
      title: `lodash ${before} becomes ${after}`,
      watch: number === 0 ? 'Of more than 1,000 files, only those that differ cross each line.' : known,
      change: (source) => putPackage(source, 'lodash', to),
    },
    {
      title: `A new package: ${guest} ${version}`,
      watch: number < guests.length ? 'It crosses each line once: origin to region, region to branch.' : known,
      change: (source) => cp(installed(guest), join(source, guest), { recursive: true }),
    },
    {
      title: `The folder ${guest} is renamed to ${shelf}`,
      watch: 'Its content is at every depot already: only names travel, no file is fetched.',
      change: (source) => rename(join(source, guest), join(source, shelf)),
    },
    {
      title: `The folder ${shelf} is deleted`,
      watch: 'Files go only where a complete, newer manifest no longer names them.',
      change: (source) => rm(join(source, shelf), { recursive: true }),
    },
    {
      title: 'Somebody deletes the folder lodash/fp by mistake',
      watch: 'More than 20 % of all files: they stay below until a person approves.',
      change: (source) => rm(join(source, 'lodash/fp'), { recursive: true }),
    },
    {
      title: 'The folder lodash/fp is put back',
      watch: 'Below the origin it was never gone: the holds end, and nothing is fetched.',
      change: (source) => putPackage(source, 'lodash', to),
    },
  ];
}

function installed(name: string): string {
  return fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url));
}

export async function versionOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
