import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { configPath } from '../config/location.js';
import { loadConfig } from '../config/settings.js';
import { realHost } from '../host.js';
import { asDepotError, DepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { Depot } from './depot.js';
import { depotFacts, liveFacts } from './facts.js';
import { openLog } from './log.js';
import { Notifier } from './notify.js';
import type { RunningDepot } from './running-depot.js';
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
    .allowExcessArguments(false)
    .exitOverride();
  try {
    command.parse(argv);
  } catch (thrown) {
    // Commander has said what is wrong, or printed what was asked for.
    if (!(thrown instanceof CommanderError)) throw thrown;
    return thrown.exitCode === 0 ? undefined : new DepotError('bad-request', 'see depotd --help', { retry: 'never' });
  }
  const file = configPath(command.opts<{ config?: string }>().config, environment);
  try {
    await serve(file, environment);
    return undefined;
  } catch (thrown) {
    const error = asDepotError(thrown, 'depotd');
    // Asked to stop while it was still finishing what a crash left: it goes on with that at the next start.
    return error.code === 'interrupted' ? undefined : error;
  }
}

async function serve(file: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const config = await loadConfig(file);
  const { settings } = config;
  const log = openLog(settings.log, environment);
  const notifier = new Notifier(environment, log);
  const runtime = environment['RUNTIME_DIRECTORY'];
  const stopping = stopSignal();
  let reload = async (): Promise<void> => undefined;
  process.on('SIGHUP', () => void reload());
  const running = await Depot.start({
    config,
    version: version(),
    controlSocket: runtime === undefined ? undefined : join(runtime, 'control.sock'),
    host: realHost,
    log,
    onChange: (depot) => showStatus(notifier, depot, log),
    onReload: (next) => (log.level = next.log),
    signal: stopping,
  });
  reload = async () => {
    await notifier.reloading();
    try {
      await running.reload();
    } catch (thrown) {
      const error = asDepotError(thrown, 'reload');
      if (error.code !== 'interrupted') {
        log.error({ code: error.code, hint: error.hint }, `the old settings stay: ${error.message}`);
      }
    }
    await notifier.reloaded();
    showStatus(notifier, running, log);
  };
  log.info({ depot: settings.depot, site: settings.site, listen: running.listen, version: version() }, 'started');
  try {
    showStatus(notifier, running, log);
    await notifier.ready();
    if (!stopping.aborted) await once(stopping, 'abort');
    log.info({ signal: String(stopping.reason) }, 'stopping');
    await notifier.stopping();
  } finally {
    // Else it would go on, and no signal would end it.
    await running.stop();
  }
  log.info({}, 'stopped');
}

/** Never throws: a status that cannot be told must not end the daemon. */
function showStatus(notifier: Notifier, depot: RunningDepot, log: Log): void {
  if (!depot.store.isOpen) return;
  try {
    const status = depotStatus(depot.store, depotFacts(depot), liveFacts(depot), {
      nowMs: realHost.now(),
      tree: false,
    });
    void notifier.status(statusLine(status));
  } catch (thrown) {
    const error = asDepotError(thrown, 'tell systemd how the depot is');
    log.warn({ code: error.code, hint: error.hint }, error.message);
  }
}

/** Aborted, with its name as the reason, by the first signal that asks the daemon to end; a second one ends it the hard way. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort(name));
  return stopping.signal;
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
