import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { configPath } from '../config/location.js';
import { loadSettings } from '../config/settings.js';
import { realHost } from '../host.js';
import { asDepotError, DepotError } from '../model/errors.js';
import { Depot } from './depot.js';
import { depotFacts, liveFacts } from './facts.js';
import { openLog } from './log.js';
import { Notifier } from './notify.js';
import { statusLine } from './status-line.js';
import { depotStatus } from '../serve/status.js';

/** What `bin/depotd.js` does: one daemon, from its start to SIGTERM. Gives the error that ended it, if one did. */
export async function runDaemon(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<DepotError | undefined> {
  const command = new Command('depotd')
    .description('the daemon of a depot: polls its parent, serves its children')
    .option('-c, --config <file>', 'the configuration (default: $DEPOT_CONFIG, else /etc/depotd/depot.yaml)')
    .version(version())
    .parse(argv);
  const file = configPath(command.opts<{ config?: string }>().config, environment);
  try {
    await serve(file, environment);
    return undefined;
  } catch (thrown) {
    return asDepotError(thrown, 'depotd');
  }
}

async function serve(file: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const settings = await loadSettings(file);
  const log = openLog(settings.log, environment);
  const notifier = new Notifier(environment, log);
  const runtime = environment['RUNTIME_DIRECTORY'];
  let depot: Depot | undefined;
  const showStatus = (): void => {
    if (depot === undefined) return;
    const status = depotStatus(depot.store, depotFacts(depot), liveFacts(depot), {
      nowMs: realHost.now(),
      tree: false,
    });
    void notifier.status(statusLine(status));
  };
  const stopped = stopSignal();
  depot = await Depot.start({
    settings,
    version: version(),
    controlSocket: runtime === undefined ? undefined : join(runtime, 'control.sock'),
    host: realHost,
    log,
    onChange: showStatus,
  });
  const running = depot;
  const reload = async (): Promise<void> => {
    await notifier.reloading();
    try {
      await running.reload();
      log.level = running.settings.log;
    } catch (thrown) {
      const error = asDepotError(thrown, 'reload');
      log.error({ code: error.code, hint: error.hint }, `the old settings stay: ${error.message}`);
    }
    await notifier.reloaded();
    showStatus();
  };
  process.on('SIGHUP', () => void reload());
  log.info({ depot: settings.depot, site: settings.site, listen: depot.listen, version: version() }, 'started');
  await notifier.ready();
  showStatus();
  const signal = await stopped;
  log.info({ signal }, 'stopping');
  await notifier.stopping();
  await running.stop();
  log.info({}, 'stopped');
}

/** Resolves with the first signal that asks the daemon to end; a second one ends it the hard way. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
