import type { X509Certificate } from 'node:crypto';
import type { SubjectRow } from '../model/company.js';
import { quoted } from '../model/paths.js';
import { identityOf, type DepotIdentity } from './identity.js';
import { namesOf, reversedName } from './subject.js';

/** The rows of the directory's map; undefined where the CA is depotd's own, whose certificates name depot and site themselves. */
export type SubjectRows = readonly SubjectRow[] | undefined;

/** By the list itself, which is another one whenever the directory is. */
const indexes = new WeakMap<readonly SubjectRow[], ReadonlyMap<string, readonly SubjectRow[]>>();

/**
 * README section 3.8: the depot that a certificate is for, whoever signed it; the only way from a certificate to a name and a
 * site. Where there is a map, what stands in the certificate besides its subject counts for nothing: a PKI may copy
 * alternative names from the request.
 */
export function depotOf(certificate: X509Certificate, subjects: SubjectRows): DepotIdentity | undefined {
  if (subjects === undefined) return identityOf(certificate);
  const names = namesOf(certificate);
  const row =
    names &&
    indexOf(subjects)
      .get(names.subject)
      ?.find((each) => isIssuedAs(each, names.issuer));
  return row && { depot: row.depot, site: row.site };
}

/** Completes "the certificate of …" where `depotOf` gives nothing, with what to do. */
export function whyNobody(
  certificate: X509Certificate,
  subjects: SubjectRows,
): { readonly flaw: string; readonly hint: string } {
  if (subjects === undefined) {
    return {
      flaw: 'does not name one depot and its site',
      hint: 'only certificates of the company CA are for depots: depot join gets one',
    };
  }
  const names = namesOf(certificate);
  if (names === undefined) {
    return {
      flaw: 'has no subject that a row of the directory could name',
      hint: 'have the PKI issue one with a subject, such as CN=munich-1,O=Company',
    };
  }
  const other = indexOf(subjects).get(names.subject)?.[0];
  const isReversed = indexOf(subjects).has(reversedName(names.subject));
  const flaw =
    other === undefined
      ? `has the subject ${quoted(names.subject)}, which the directory here maps to no depot${isReversed ? ': it has that name the other way round' : ''}`
      : `has the subject ${quoted(names.subject)} of ${other.depot}, but was issued by ${quoted(names.issuer)}`;
  return {
    flaw,
    hint: "at the origin: depot subject add 'SUBJECT' --depot NAME --site SITE; a row comes down one level a poll",
  };
}

/** Whether a row is for certificates of that issuer. */
export function isIssuedAs({ issuer }: Pick<SubjectRow, 'issuer'>, by: string): boolean {
  return issuer === undefined || issuer === by;
}

function indexOf(subjects: readonly SubjectRow[]): ReadonlyMap<string, readonly SubjectRow[]> {
  const known = indexes.get(subjects);
  if (known !== undefined) return known;
  const index = new Map<string, SubjectRow[]>();
  for (const row of subjects) index.set(row.subject, [...(index.get(row.subject) ?? []), row]);
  indexes.set(subjects, index);
  return index;
}
