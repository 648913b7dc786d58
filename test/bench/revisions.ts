import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { controlClient } from '../../src/serve/control-client.js';
import { layoutOf } from '../../src/store/layout.js';
import { startCluster } from '../harness/cluster.js';
import type { Depot } from '../harness/depot.js';
import { freePorts } from '../harness/port.js';
import { differences } from '../harness/tree.js';
import { countedLine } from './counted-line.js';

const run = promisify(execFile);

/** Published packages with native programs or thousands of files, each in four versions that followed each other. */
const published: Readonly<Record<string, { readonly npm: string; readonly versions: readonly string[] }>> = {
  esbuild: { npm: '@esbuild/linux-x64', versions: ['0.24.0', '0.24.1', '0.24.2', '0.25.0'] },
  rollup: { npm: '@rollup/rollup-linux-x64-gnu', versions: ['4.29.1', '4.29.2', '4.30.0', '4.30.1'] },
  swc: { npm: '@swc/core-linux-x64-gnu', versions: ['1.10.4', '1.10.6', '1.10.7', '1.10.8'] },
  typescript: { npm: 'typescript', versions: ['5.6.2', '5.6.3', '5.7.2', '5.7.3'] },
  'core-js': { npm: 'core-js', versions: ['3.37.1', '3.38.0', '3.38.1', '3.39.0'] },
  'date-fns': { npm: 'date-fns', versions: ['3.3.1', '3.4.0', '3.5.0', '3.6.0'] },
};

/** Outside of the project, so that they are fetched once. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'depotd-bench');

interface Row {
  readonly name: string;
  readonly version: string;
  readonly revision: number;
  readonly files: number;
  readonly bytes: number;
  /** The archive that the package is published as. */
  readonly archiveBytes: number;
  readonly toRegion: number;
  readonly toSite: number;
}

/**
 * The section `revisions`: four revisions of real packages through three levels to two sites. Prints Markdown. Each revision must
 * be by `diff -r` what was published, when it is released and at the end.
 * @returns how many were not
 */
export async function revisions(folder: string): Promise<number> {
  const originals = new Map<string, string>();
  for (const [name, { npm, versions }] of Object.entries(published)) {
    for (const version of versions) originals.set(`${name}@${version}`, await fetched(npm, version));
  }
  const [originPort = 0, regionPort = 0] = await freePorts(2);
  const toRegion = await countedLine(originPort);
  const toSite = await countedLine(regionPort);
  const work = join(folder, 'work');
  const keep = { releases: 4, for: '30d' };
  const cluster = await startCluster(folder, {
    origin: {
      site: 'enterprise',
      listen: `https://127.0.0.1:${originPort}`,
      repositories: { apps: { kind: 'packages', context: 'enterprise', work, keep } },
    },
    region: {
      site: 'enterprise/germany',
      listen: `https://127.0.0.1:${regionPort}`,
      parent: `https://127.0.0.1:${toRegion.port}`,
    },
    munich: { site: 'enterprise/germany/munich', parent: `https://127.0.0.1:${toSite.port}` },
    stuttgart: { site: 'enterprise/germany/stuttgart', parent: `https://127.0.0.1:${regionPort}` },
  });
  try {
    const [origin, region] = [cluster.depot('origin'), cluster.depot('region')];
    const sites = [cluster.depot('munich'), cluster.depot('stuttgart')];
    const rows: Row[] = [];
    const unequal: string[] = [];
    const compare = async (name: string, revision: number, original: string): Promise<void> => {
      for (const depot of [region, ...sites]) {
        const said = await differences(original, join(depot.tree('apps'), name, String(revision)));
        if (said !== '') unequal.push(`${depot.name}: ${name}/${revision}: ${said.slice(0, 300)}`);
      }
    };
    for (const name of Object.keys(published)) {
      await apiOf(origin).packages.create({ repository: 'apps', name }, { ...noFacts, type: 'app' });
    }
    // From then on all know of the repository, and of what those below want of it.
    for (const depot of [region, ...sites, region, ...sites]) await poll(depot);
    for (const [name, { versions }] of Object.entries(published)) {
      for (const [at, version] of versions.entries()) {
        const original = originals.get(`${name}@${version}`) ?? '';
        rmSync(join(work, name), { recursive: true });
        cpSync(original, join(work, name), { recursive: true, preserveTimestamps: true });
        const made = await release(origin, name, version);
        toRegion.take();
        await poll(region);
        const first = toRegion.take().bytes;
        toSite.take();
        await poll(sites[0] ?? region);
        const second = toSite.take().bytes;
        await poll(sites[1] ?? region);
        await compare(name, at + 1, original);
        const row = { name, version, revision: at + 1, ...made, archiveBytes: statSync(`${original}.tgz`).size };
        rows.push({ ...row, toRegion: first, toSite: second });
        process.stderr.write(`  ${name} ${version}: ${bytesText(second)} of ${bytesText(made.bytes)}\n`);
      }
    }
    for (const [name, { versions }] of Object.entries(published)) {
      for (const [at, version] of versions.entries()) {
        await compare(name, at + 1, originals.get(`${name}@${version}`) ?? '');
      }
    }
    console.log(tableOf(rows));
    console.log(unequal.length === 0 ? 'All revisions are equal by `diff -r` at three depots.\n' : unequal.join('\n'));
    return unequal.length;
  } finally {
    await cluster.close();
    toRegion.close();
    toSite.close();
  }
}

/** The folder of a published version; its archive lies beside it, with `.tgz`. */
async function fetched(npm: string, version: string): Promise<string> {
  const name = `${npm.replace('@', '').replace('/', '-')}-${version}`;
  const target = join(cache, name);
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  try {
    await run('npm', ['pack', `${npm}@${version}`, '--silent', '--pack-destination', cache]);
  } catch (cause) {
    throw new Error(`npm cannot fetch ${npm}@${version}; put its archive into ${target}.tgz`, { cause });
  }
  const unpacked = `${target}.unpacked`;
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked);
  await run('tar', ['-xzf', `${target}.tgz`, '-C', unpacked]);
  const [inside = ''] = readdirSync(unpacked);
  renameSync(join(unpacked, inside), target);
  rmSync(unpacked, { recursive: true });
  process.stderr.write(`  fetched ${basename(target)}\n`);
  return target;
}

const noFacts = { type: null, title: null, vendor: null, version: null, keep: null };
const quietly = { signal: new AbortController().signal, onEvent: () => Promise.resolve() };

async function release(origin: Depot, name: string, version: string) {
  const { packages } = apiOf(origin);
  const of = { repository: 'apps', name };
  const {
    revision,
    package: made,
    problems,
  } = await packages.prepare(of, {
    ...quietly,
    note: null,
    version,
    dryRun: false,
  });
  if (revision === null) throw new Error(`${name} ${version}: ${JSON.stringify(problems)}`);
  await packages.distribute(of, ['enterprise'], []);
  await packages.release(of, { revision, ring: null, at: null });
  const { files = 0, bytes = 0 } = made.revisions.at(-1) ?? {};
  return { files, bytes };
}

async function poll(depot: Depot): Promise<void> {
  const { cycles } = await apiOf(depot).poll(null, { wait: true, ...quietly });
  const failed = cycles?.find(({ error }) => error !== null);
  if (failed !== undefined) throw new Error(`${depot.name}: ${failed.error?.message}`);
}

function apiOf({ data }: Depot) {
  return controlClient({ sockets: [layoutOf(data).controlSocket], data });
}

function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) =>
    [
      row.revision === 1 ? row.name : '',
      row.version,
      String(row.revision),
      row.files.toLocaleString('en-US'),
      bytesText(row.bytes),
      bytesText(row.archiveBytes),
      bytesText(row.toRegion),
      bytesText(row.toSite),
      `${((row.toSite / row.bytes) * 100).toPrecision(3)} %`,
    ].join(' | '),
  );
  return [
    '| package | version | revision | files | whole | as .tgz | to region | to munich | of the whole |',
    '| ------- | ------- | -------: | ----: | ----: | ------: | --------: | --------: | -----------: |',
    ...lines.map((line) => `| ${line} |`),
    '',
  ].join('\n');
}

function bytesText(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}
