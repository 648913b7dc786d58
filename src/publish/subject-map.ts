import type { SubjectRow } from '../model/company.js';
import { DepotError } from '../model/errors.js';
import { isWithin } from '../model/names.js';
import { quoted } from '../model/paths.js';
import type { DepotIdentity } from '../trust/identity.js';
import { isIssuedAs } from '../trust/naming.js';
import type { DirectoryHolder } from './directory.js';

/** The directory's map of certificate subjects, at the depot that holds it. */
export class SubjectMap {
  constructor(
    private readonly self: DepotIdentity,
    private readonly directory: DirectoryHolder,
  ) {}

  /** By depot. @throws DepotError `bad-request` where the CA is depotd's own */
  list(): readonly SubjectRow[] {
    const { subjects } = this.directory.document();
    if (subjects !== undefined) return subjects;
    throw new DepotError(
      'bad-request',
      'certificates of this company name depot and site: there is no map of subjects',
      {
        hint: 'the CA is at this depot: depot invite brings a depot in',
        retry: 'never',
      },
    );
  }

  /** A depot may have several subjects, while one certificate follows another; a subject has one depot. @throws DepotError `bad-request` */
  async add(row: SubjectRow): Promise<void> {
    const rows = this.list();
    const { subject, issuer, depot, site } = row;
    if (!isWithin(site, this.self.site)) {
      refuse(
        `${site} is not at or below ${this.self.site}, where this depot stands`,
        'depot subject list shows the sites',
      );
    }
    const taken = rows.find((each) => each.subject === subject && areForOne(each, issuer));
    if (taken?.depot === depot && taken.site === site && taken.issuer === issuer) return;
    if (taken !== undefined) {
      refuse(
        `${quoted(subject)} is mapped to ${taken.depot} at ${taken.site}`,
        'take that row out first: depot subject remove',
      );
    }
    const elsewhere = rows.find((each) => each.depot === depot && each.site !== site);
    if (elsewhere !== undefined) {
      refuse(`there is a depot ${depot} at ${elsewhere.site} already`, 'give each depot a name of its own');
    }
    await this.directory.map([...rows, row].sort((a, b) => (a.depot < b.depot ? -1 : a.depot > b.depot ? 1 : 0)));
  }

  /**
   * Whoever shows that subject is no depot any more. All rows of it where `issuer` is null.
   * @param own the names in this depot's certificate, which the depots below have to know
   * @returns what was removed @throws DepotError `not-found`, `bad-request`
   */
  async remove(
    subject: string,
    issuer: string | null,
    own: { readonly subject: string; readonly issuer: string } | undefined,
  ): Promise<readonly SubjectRow[]> {
    const rows = this.list();
    const removed = rows.filter((each) => each.subject === subject && (issuer === null || each.issuer === issuer));
    if (removed.length === 0) {
      throw new DepotError('not-found', `the map has no row for ${quoted(subject)}`, {
        hint: 'depot subject list',
        retry: 'never',
      });
    }
    if (own !== undefined && removed.some((each) => each.subject === own.subject && isIssuedAs(each, own.issuer))) {
      refuse(
        `${quoted(subject)} is the subject of this depot, which all depots below have to know`,
        'first have it use a certificate with another subject',
      );
    }
    await this.directory.map(rows.filter((each) => !removed.includes(each)));
    return removed;
  }
}

/** Whether some certificate could be meant by both. */
function areForOne({ issuer }: SubjectRow, other: string | undefined): boolean {
  return issuer === undefined || other === undefined || issuer === other;
}

function refuse(message: string, hint: string): never {
  throw new DepotError('bad-request', message, { hint, retry: 'never' });
}
