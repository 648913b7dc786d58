import { spawn } from 'node:child_process';
import type { Log } from '../model/log.js';

/**
 * Tells systemd how the service is (sd_notify(3)). Node opens no datagram sockets of the Unix domain, so systemd's own
 * command carries the message; the unit has NotifyAccess=all for that. Without NOTIFY_SOCKET it does nothing.
 */
export class Notifier {
  private watchdog: NodeJS.Timeout | undefined;
  private lastStatus = '';
  private hasFailed = false;
  /** One message after the other: whoever waits for the start finds the status line that was told before. */
  private sent = Promise.resolve();

  constructor(
    private readonly environment: NodeJS.ProcessEnv,
    private readonly log: Log,
  ) {}

  async ready(): Promise<void> {
    await this.send('READY=1');
    const watchdogUs = Number(this.environment['WATCHDOG_USEC'] ?? 0);
    if (!(watchdogUs > 0)) return;
    // From the event loop: a loop that stands still says nothing, and systemd restarts the service.
    this.watchdog = setInterval(() => void this.send('WATCHDOG=1'), watchdogUs / 1000 / 3);
    this.watchdog.unref();
  }

  /** The line that `systemctl status depotd` shows. */
  async status(line: string): Promise<void> {
    if (line === this.lastStatus) return;
    this.lastStatus = line;
    await this.send(`STATUS=${line}`);
  }

  /** systemd wants the time on the monotonic clock of the machine, in microseconds. */
  async reloading(): Promise<void> {
    await this.send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  async reloaded(): Promise<void> {
    await this.send('READY=1');
  }

  async stopping(): Promise<void> {
    clearInterval(this.watchdog);
    await this.send('STOPPING=1');
  }

  private send(...assignments: string[]): Promise<void> {
    if (this.environment['NOTIFY_SOCKET'] !== undefined) this.sent = this.sent.then(() => this.tell(assignments));
    return this.sent;
  }

  private tell(assignments: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      const child = spawn('systemd-notify', assignments, { stdio: 'ignore' });
      child.once('error', (error) => {
        if (!this.hasFailed)
          this.log.warn({ error: error.message }, 'systemd-notify cannot be run; systemd hears nothing');
        this.hasFailed = true;
        resolve();
      });
      child.once('close', () => resolve());
    });
  }
}
