import type {
  AnchorsResult,
  AuthorityRotation,
  CertificatesStatus,
  EnrolledStatus,
  InvitationResult,
  RepositoriesStatus,
  RevokeResult,
  TrustResetResult,
} from '../model/trust-status.js';

/** The part of what a person can ask of a daemon that is about keys, certificates and who is believed. */
export interface TrustApi {
  /** Forgets whose signatures are believed for a repository; the next poll believes the root that it meets. */
  reset(repository: string, options: { readonly dryRun: boolean }): Promise<TrustResetResult>;
  /** This depot's certificate; at the CA also those that it issued. */
  certificates(): Promise<CertificatesStatus>;
  /** Renews this depot's certificate now. */
  renew(): Promise<CertificatesStatus>;
  /** Invites a depot. @param urls where it can reach this depot; null for the address that it listens on */
  invite(
    depot: string,
    site: string,
    options: { readonly ttlMs: number; readonly urls: readonly string[] | null },
  ): Promise<InvitationResult>;
  /** At the CA: no certificate of the depot (or only that of `serial`) is accepted any more, one level further with each poll. */
  revoke(depot: string, serial?: string): Promise<RevokeResult>;
  /** At the directory of a company with a PKI of its own: these roots are trusted, and no others. @param pem all of them */
  replaceAnchors(pem: string): Promise<AnchorsResult>;
  /** At the CA: a new root leads, and both are trusted. @param rootKey of the root before, PEM, where it is not there */
  rotateAuthority(rootKey: string | null): Promise<AuthorityRotation>;
  /** At the CA: the root of before is trusted no longer; refused while certificates lead to it. */
  finishRotation(): Promise<AuthorityRotation>;
  /** What the company's directory has, as far as it concerns this depot. */
  repositories(): Promise<RepositoriesStatus>;
  /** Asks for a repository that is published here to be put into the directory. */
  enroll(repository: string): Promise<EnrolledStatus>;
  /** At the directory: lets a repository in that waits for a person. */
  approve(repository: string): Promise<EnrolledStatus>;
}
