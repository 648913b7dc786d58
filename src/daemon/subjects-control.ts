import type { SubjectRow } from '../model/company.js';
import { DepotError } from '../model/errors.js';
import { quoted } from '../model/paths.js';
import type { SubjectsChange, SubjectsStatus, SubjectStatus } from '../model/trust-status.js';
import type { SubjectsApi } from '../serve/subjects-api.js';
import { readName } from '../trust/subject.js';
import { requireMembership, requireRegistry } from './membership.js';
import type { RunningDepot } from './running-depot.js';

/** What commands about the map of certificate subjects ask of a running daemon. */
export class SubjectsControl implements SubjectsApi {
  constructor(private readonly depot: RunningDepot) {}

  async list(): Promise<SubjectsStatus> {
    const { store, settings, membership } = this.depot;
    requireMembership(membership);
    return { subjects: store.company.get(settings.site)?.document.subjects?.map(shown) ?? null };
  }

  async add({ subject, issuer, depot, site }: SubjectStatus): Promise<SubjectsChange> {
    const registry = requireRegistry(this.depot.membership);
    const row = {
      subject: requireName(subject),
      ...(issuer === null ? {} : { issuer: requireName(issuer) }),
      depot,
      site,
    };
    await registry.mapping((map) => map.add(row));
    this.depot.companyChanged();
    this.depot.log.warn(row, `certificates with the subject ${row.subject} are those of ${depot} now`);
    return { subjects: [shown(row)] };
  }

  async remove(subject: string, issuer: string | null): Promise<SubjectsChange> {
    const { membership, log } = this.depot;
    const registry = requireRegistry(membership);
    const own = requireMembership(membership).own.names();
    const name = requireName(subject);
    const by = issuer === null ? null : requireName(issuer);
    const removed = await registry.mapping((map) => map.remove(name, by, own));
    this.depot.companyChanged();
    for (const { depot } of removed) {
      log.warn({ subject: name, depot }, `certificates with the subject ${name} are those of no depot now`);
    }
    return { subjects: removed.map(shown) };
  }
}

function shown({ subject, issuer, depot, site }: SubjectRow): SubjectStatus {
  return { subject, issuer: issuer ?? null, depot, site };
}

/** @throws DepotError `bad-request` */
function requireName(text: string): string {
  const name = readName(text);
  if (name !== undefined) return name;
  throw new DepotError('bad-request', `${quoted(text)} is not a name such as CN=munich-1,OU=depots,O=Company`, {
    hint: 'openssl x509 -in FILE -noout -subject -nameopt RFC2253 prints it; or: depot subject add --certificate FILE',
    retry: 'never',
  });
}
