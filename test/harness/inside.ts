import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/settings.js';
import type { Depot as Daemon } from '../../src/daemon/depot.js';
import type { Host } from '../../src/host.js';
import type { Log } from '../../src/model/log.js';
import { temporaryFolder } from './temporary.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Whole daemons within this process, so that they go by a clock that the test gives: with their listeners, their worker
 * threads, their catalogues. The threads are started from built files, so the daemon is, too.
 */
export async function daemonsInside(host: Host): Promise<(config: string) => Promise<Daemon>> {
  const folder = await temporaryFolder();
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  await build({
    absWorkingDir: root,
    entryPoints: ['src/daemon/depot.ts', 'src/daemon/worker.ts'],
    outbase: 'src',
    outdir: join(folder, 'dist'),
    chunkNames: 'shared/[name]-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
  const built = pathToFileURL(join(folder, 'dist/daemon/depot.js')).href;
  const { Depot } = (await import(built)) as { readonly Depot: typeof Daemon };
  return async (config) => {
    const daemon = await Depot.start({
      config: await loadConfig(config),
      version: '0.1.0',
      controlSocket: undefined,
      host,
      log: silent,
      onChange: () => undefined,
      onReload: () => undefined,
      signal: new AbortController().signal,
    });
    onTestFinished(() => daemon.stop());
    return daemon;
  };
}
