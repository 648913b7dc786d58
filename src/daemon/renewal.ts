import type { Host } from '../host.js';
import { issuedShape } from '../model/enrolment.js';
import { asDepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import type { DirectoryHolder } from '../publish/directory.js';
import { makeKeyAndRequest } from '../trust/certificate-request.js';
import type { DepotIdentity } from '../trust/identity.js';
import { requireIssued } from '../trust/issued.js';
import type { Climbing } from './climbing.js';
import type { OwnCertificate } from './own-certificate.js';

const lookEveryMs = 3600 * 1000;

/**
 * What has an end and is made anew before it: this depot's certificate after two thirds of its life, with a new key (the
 * old one counts on until its end), and at the depot that holds the directory the signatures of that.
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
    requireIssued(chain, key, this.self, { anchors: this.own.authority().anchors, nowMs: this.host.now() });
    await this.own.replace(key, chain);
    this.onRenewed();
    this.log.info({ expires: new Date(this.own.facts().expiresAtMs).toISOString() }, 'the certificate was renewed');
  }

  private async keepUp(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      if (this.isDue()) await this.quietly('renew the certificate', () => this.renew());
      await this.quietly("sign the company's directory again", async () => this.directory?.freshen());
      await this.host.sleep(lookEveryMs, signal).catch(() => undefined);
    }
  }

  private isDue(): boolean {
    const { issuedAtMs, expiresAtMs } = this.own.facts();
    return this.host.now() >= issuedAtMs + ((expiresAtMs - issuedAtMs) * 2) / 3;
  }

  private async quietly(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      const error = asDepotError(thrown, what);
      const daysLeft = Math.floor((this.own.facts().expiresAtMs - this.host.now()) / (24 * lookEveryMs));
      this.log.warn({ code: error.code, hint: error.hint, daysLeft }, `could not ${what}: ${error.message}`);
    }
  }
}
