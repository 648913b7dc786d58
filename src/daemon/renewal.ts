import type { Host } from '../host.js';
import { issuedShape } from '../model/enrolment.js';
import { asDepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { issuedElsewhere } from '../publish/own-pki.js';
import { makeKeyAndRequest } from '../trust/certificate-request.js';
import type { DepotIdentity } from '../trust/identity.js';
import { requireIssued } from '../trust/issued.js';
import type { Climbing } from './climbing.js';
import type { OwnCertificate } from './own-certificate.js';
import type { ProvidedCertificate } from './provided-certificate.js';

const lookEveryMs = 3600 * 1000;

/** Renews this depot's certificate (or sees to the one that the company's PKI provides) after two thirds of its life, or when the CA has a new root, with a new key; the old one counts on until its end. */
export class Renewal {
  private readonly stopping = new AbortController();
  private resting = new AbortController();

  constructor(
    private readonly self: DepotIdentity,
    private readonly own: OwnCertificate,
    private readonly climbing: Climbing,
    private readonly host: Host,
    private readonly log: Log,
    private readonly onRenewed: () => void,
    /** Where the company's own PKI issues the certificates, this is looked after in place of renewals. */
    private readonly provided: ProvidedCertificate,
  ) {}

  start(): void {
    void this.keepUp();
  }

  stop(): void {
    this.stopping.abort();
    this.lookNow();
  }

  /** Something may have made a renewal due. */
  lookNow(): void {
    this.resting.abort();
  }

  /** @throws DepotError what the CA, or those on the way to it, say */
  async renew(): Promise<void> {
    if (this.own.isOfOwnPki()) throw issuedElsewhere('renew');
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
      this.resting = new AbortController();
      await this.look();
      await this.host.sleep(lookEveryMs, this.resting.signal).catch(() => undefined);
    }
  }

  /** Never rejects: what cannot be read now, as a document of the directory that is damaged, may be right at the next look. */
  private async look(): Promise<void> {
    try {
      if (this.own.isOfOwnPki()) await this.provided.look();
      else if (this.isDue()) await this.renewQuietly();
    } catch (thrown) {
      const error = asDepotError(thrown, 'look at the certificate of this depot');
      this.log.error({ code: error.code, hint: error.hint }, error.message);
    }
  }

  private isDue(): boolean {
    const { issuedAtMs, expiresAtMs } = this.own.facts();
    return this.host.now() >= issuedAtMs + ((expiresAtMs - issuedAtMs) * 2) / 3 || !this.own.isOfNewestRoot();
  }

  private async renewQuietly(): Promise<void> {
    try {
      await this.renew();
    } catch (thrown) {
      const error = asDepotError(thrown, 'renew the certificate');
      const daysLeft = Math.floor((this.own.facts().expiresAtMs - this.host.now()) / (24 * lookEveryMs));
      const fields = { code: error.code, hint: error.hint, daysLeft };
      this.log.warn(fields, `the certificate was not renewed: ${error.message}`);
    }
  }
}
