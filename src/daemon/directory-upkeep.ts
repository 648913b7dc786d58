import type { Host } from '../host.js';
import { asDepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import type { Registry } from '../publish/registry.js';

const lookEveryMs = 3600 * 1000;

/** At the depot that holds the company's directory: it is signed again in time, whether anything changes in it or not. */
export class DirectoryUpkeep {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly registry: Registry,
    private readonly host: Host,
    private readonly log: Log,
  ) {}

  start(): void {
    this.running = this.keepUp();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async keepUp(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.registry.freshen();
      } catch (thrown) {
        const error = asDepotError(thrown, "sign the company's directory again");
        this.log.error({ code: error.code, hint: error.hint }, error.message);
      }
      await this.host.sleep(lookEveryMs, signal).catch(() => undefined);
    }
  }
}
