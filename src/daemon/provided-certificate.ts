import type { Settings } from '../config/settings.js';
import type { Host } from '../host.js';
import { asDepotError, DepotError } from '../model/errors.js';
import type { Log } from '../model/log.js';
import { iso } from '../model/moment.js';
import type { StatusError } from '../model/status-error.js';
import { isEnding } from './certificate-status.js';
import type { OwnCertificate } from './own-certificate.js';
import { readProvidedFiles } from './provided-files.js';

type Files = Settings['certificate'];

/**
 * The certificate of a depot of a company whose own PKI issues them: depotd cannot renew it, and takes up what is put in
 * place of its files. What is no good for this depot is not taken, and the one before stays in use.
 */
export class ProvidedCertificate {
  private warnedOfDays: number | undefined;

  constructor(
    private readonly own: OwnCertificate,
    private readonly files: () => Files,
    private readonly host: Host,
    private readonly log: Log,
    private readonly onTaken: () => void,
  ) {}

  /** @throws DepotError `config-invalid` where files are set and depotd's own CA issues the certificates */
  requireFitting(files: Files): void {
    if (files === null || this.own.isOfOwnPki()) return;
    throw new DepotError(
      'config-invalid',
      'certificate: the company has a CA of depotd, which issues the certificates',
      {
        hint: 'remove certificate: from the configuration',
        retry: 'never',
      },
    );
  }

  /** @returns whether there was another one @throws DepotError `certificate-refused`, `config-invalid` */
  async take(files: Files): Promise<boolean> {
    this.requireFitting(files);
    if (files === null || !(await this.own.take(await readProvidedFiles(files)))) return false;
    this.onTaken();
    const { serial, expiresAtMs } = this.own.facts();
    this.log.info({ serial, expires: iso(expiresAtMs) }, 'another certificate was taken up');
    return true;
  }

  /** The same; files that are no good hold up nothing else. @throws DepotError `config-invalid` */
  async takeOrSay(files: Files): Promise<{ readonly isTaken: boolean; readonly refused: StatusError | null }> {
    try {
      return { isTaken: await this.take(files), refused: null };
    } catch (thrown) {
      if (!(thrown instanceof DepotError) || thrown.code !== 'certificate-refused') throw thrown;
      const { code, message, hint = null } = thrown;
      this.log.warn({ code, hint }, `the certificate was not taken up: ${message}`);
      return { isTaken: false, refused: { code, message, hint, at: iso(this.host.now()) } };
    }
  }

  /** The same, of which a person reads in the log; warns once a day while a third of its life or less is left. */
  async look(): Promise<void> {
    try {
      await this.take(this.files());
    } catch (thrown) {
      const error = asDepotError(thrown, 'take up the certificate');
      this.log.warn({ code: error.code, hint: error.hint }, `the certificate was not taken up: ${error.message}`);
    }
    const facts = this.own.facts();
    const daysLeft = Math.floor((facts.expiresAtMs - this.host.now()) / 86_400_000);
    if (!isEnding(facts, this.host.now(), true) || daysLeft === this.warnedOfDays) return;
    this.warnedOfDays = daysLeft;
    this.log.warn({ daysLeft, hint: 'have the PKI issue another one' }, 'the certificate of this depot is ending');
  }
}
