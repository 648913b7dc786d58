import { stat } from 'node:fs/promises';
import { readConfigFile } from '../config/file.js';
import { defaultConfigPath } from '../config/location.js';
import { loadConfig, loadSettings } from '../config/settings.js';
import { bounded } from '../config/bounded.js';
import { depotFacts } from '../daemon/facts.js';
import { givenHere, givenStatus, givenWarnings } from '../daemon/in-force.js';
import { masteryOf } from '../daemon/mastery.js';
import { DepotError } from '../model/errors.js';
import type { ControlApi } from '../serve/control-api.js';
import { controlClient } from '../serve/control-client.js';
import type { DepotFacts } from '../serve/status-facts.js';
import { layoutOf } from '../store/layout.js';
import type { Store } from '../store/store.js';
import type { Request } from './request.js';
import { ago } from './words.js';

/** Where the service unit puts the socket (RuntimeDirectory=depotd). */
const serviceSocket = '/run/depotd/control.sock';

/** What a command reads where no daemon answers. */
export interface Kept {
  /** Read-only. */
  readonly store: Store;
  readonly facts: DepotFacts;
}

/** The daemon that the configuration stands for. Nothing is asked of it yet. */
export async function daemonOf({ configFile }: Pick<Request, 'configFile'>): Promise<ControlApi> {
  return clientOf(await dataOf(configFile), configFile);
}

/**
 * Asks the daemon; where it is down, answers from the data directory and says so on stderr.
 * @throws DepotError what the daemon or the query said; `daemon-down` where there is no data directory to read either
 */
export async function askOrRead<Result>(
  request: Request,
  ask: (api: ControlApi) => Promise<Result>,
  read: (kept: Kept, why: DepotError) => Result | Promise<Result>,
): Promise<Result> {
  const data = await dataOf(request.configFile);
  try {
    return await ask(clientOf(data, request.configFile));
  } catch (error) {
    if (!(error instanceof DepotError && error.code === 'daemon-down')) throw error;
    const heldAt = await lastWritten(data);
    if (heldAt === undefined) throw error;
    const config = await loadConfig(request.configFile);
    const { Store } = await import('../store/store.js');
    const store = Store.open(data, { readOnly: true });
    try {
      const { terminal, version } = request;
      terminal.err(`${error.message}; this is what it held ${ago(heldAt, terminal.now())}\n`);
      const given = givenHere(store.company, config.settings.site);
      const settings = bounded(config.settings, given);
      const facts = depotFacts({
        settings,
        version,
        given: givenStatus(given, givenWarnings(config, given, terminal.now())),
        mastery: masteryOf(store, settings),
      });
      return await read({ store, facts }, error);
    } finally {
      store.close();
    }
  }
}

function clientOf(data: string, configFile: string): ControlApi {
  const start = configFile === defaultConfigPath ? 'systemctl start depotd' : `depotd --config ${configFile}`;
  return controlClient({ sockets: [layoutOf(data).controlSocket, serviceSocket], data, start });
}

/** A daemon keeps running on its old settings while the file is broken, and must be reached then above all. */
async function dataOf(configFile: string): Promise<string> {
  try {
    return (await loadSettings(configFile)).data;
  } catch (error) {
    if (!(error instanceof DepotError && error.code === 'config-invalid')) throw error;
    const text = await readConfigFile(configFile).catch(() => '');
    const data = /^data:[ \t]*(["']?)(\/[^"'#\r\n]*?)\1[ \t]*(?:#.*)?\r?$/m.exec(text)?.[2];
    if (data === undefined) throw error;
    return data;
  }
}

/** When the catalogue was last written to; undefined where there is none. */
async function lastWritten(data: string): Promise<string | undefined> {
  const { database } = layoutOf(data);
  const files = await Promise.all([database, `${database}-wal`].map((file) => stat(file).catch(() => undefined)));
  const latest = Math.max(...files.map((file) => file?.mtimeMs ?? 0));
  return latest === 0 ? undefined : new Date(latest).toISOString();
}
