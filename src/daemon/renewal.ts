import type { Host } from '../host.js';
import { issuedShape } from '../model/enrolment.js';
import { asDepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import type { DirectoryHolder } from '../publish/directory.js';
import { makeKeyAndRequest } from '../trust/certificate-request.js';
import type { DepotIdentity } from '../trust/identity.js';
import type { Climbing } from './climbing.js';
import type { OwnCertificate } from './own-certificate.js';

const lookEveryMs = 3600 * 1000;

/**
 * Renews this depot's certificate after two thirds of its life, with a new key; the old one counts on until its end. Where
 * the company's directory is, it is signed again before it expires.
 */
export class Renewal {
  private readonly stopping = new AbortController();

  constructor(
    private readonly self: DepotIdentity,
    private readonly own: OwnCertificate,
    private readonly climbing: Climbing,
    private readonly host: Host,
    private readonly log: Log,
    private readonly onRenewed: () => void,
    private readonly directory: Pick<DirectoryHolder, 'freshen'> | undefined,
  ) {}

  start(): void {
    void this.keepUp();
  }

  stop(): void {
    this.stopping.abort();
  }

  /** @throws DepotError what the CA, or those on the way to it, say */
  async renew(): Promise<void> {
    const { key, request } = await makeKeyAndRequest(this.self);
    const { chain } = issuedShape.parse(await this.climbing.ask('renew', { request }));
    await this.own.replace(key, chain);
    this.onRenewed();
    this.log.info({ expires: new Date(this.own.facts().expiresAtMs).toISOString() }, 'the certificate was renewed');
  }

  private async keepUp(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      if (this.isDue()) await this.renewQuietly();
      await this.freshenQuietly();
      await this.host.sleep(lookEveryMs, signal).catch(() => undefined);
    }
  }

  private isDue(): boolean {
    const { issuedAtMs, expiresAtMs } = this.own.facts();
    return this.host.now() >= issuedAtMs + ((expiresAtMs - issuedAtMs) * 2) / 3;
  }

  private async freshenQuietly(): Promise<void> {
    try {
      await this.directory?.freshen();
    } catch (thrown) {
      const error = asDepotError(thrown, "sign the company's directory again");
      this.log.error({ code: error.code, hint: error.hint }, error.message);
    }
  }

  private async renewQuietly(): Promise<void> {
    try {
      await this.renew();
    } catch (thrown) {
      const error = asDepotError(thrown, 'renew the certificate');
      const daysLeft = Math.floor((this.own.facts().expiresAtMs - this.host.now()) / (24 * lookEveryMs));
      this.log.warn(
        { code: error.code, hint: error.hint, daysLeft },
        `the certificate was not renewed: ${error.message}`,
      );
    }
  }
}
