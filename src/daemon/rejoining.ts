import type { Host } from '../host.js';
import type { SignedRequest } from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import type { Store } from '../store/store.js';
import { expiresAtMsOf, readCertificates } from '../trust/certificates.js';
import { spanOf } from '../trust/dates.js';
import { checkRequest } from '../trust/signed-request.js';

/**
 * A depot below that was off past the end of its certificate asks for another one: whether this depot, which it asks or which
 * passes the request up, lets it come back, and that a person hears of it.
 */
export class Rejoining {
  constructor(
    private readonly store: Store,
    /** Of this depot. */
    private readonly site: string,
    /** Of the settings: how long after its end a certificate still counts for that; null for as long as the directory says. */
    private readonly allowedMs: () => number | null,
    private readonly host: Host,
    private readonly log: Log,
  ) {}

  /**
   * Has a request for a renewal answered, if its certificate counts still or is not over for too long.
   * @throws DepotError `certificate-refused`, or what `answer` threw
   */
  async allow<T>(request: SignedRequest, answer: () => Promise<T>): Promise<T> {
    const now = this.host.now();
    const [leaf] = readCertificates(request.chain, 'the chain of a signed request');
    const endedMs = expiresAtMsOf(leaf);
    if (endedMs > now) return answer();
    const { depot, site } = this.requireAllowed(request, now);
    const answered = await answer();
    this.store.rejoins.put({ depot, site, atMs: now, endedMs });
    const hint = 'if this was not meant to happen: depot revoke, at the origin';
    const ended = new Date(endedMs).toISOString();
    this.log.warn(
      { depot, site, ended, hint },
      `${depot} rejoined with a certificate that ended ${spanOf(now - endedMs)} ago`,
    );
    return answered;
  }

  private requireAllowed(request: SignedRequest, nowMs: number) {
    const company = this.store.company.get(this.site);
    if (company === undefined) {
      throw new DepotError('certificate-refused', "the company's directory is not here yet, so nobody can rejoin", {
        hint: 'depot poll --wait, at the parent',
      });
    }
    const { anchors, subjects, graceMs } = company.document;
    return checkRequest('renew', request, {
      anchors,
      subjects,
      nowMs,
      isRevoked: company.isRevoked,
      graceMs: Math.min(graceMs, this.allowedMs() ?? graceMs),
    }).identity;
  }
}
