import type { SubjectsChange, SubjectsStatus, SubjectStatus } from '../model/trust-status.js';

/** Whose certificates are whose, where the company's own PKI issues them. */
export interface SubjectsApi {
  /** The map, as the directory at this depot has it. */
  list(): Promise<SubjectsStatus>;
  /** At the depot that holds the directory. Names are taken in any usual spelling. */
  add(row: SubjectStatus): Promise<SubjectsChange>;
  /** The same. @param issuer only the row for this one; null for all rows of the subject */
  remove(subject: string, issuer: string | null): Promise<SubjectsChange>;
}
