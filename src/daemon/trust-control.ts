import { iso } from '../model/moment.js';
import { hostname } from 'node:os';
import { isWithin } from '../model/names.js';
import { enrolledShape } from '../model/enrolment.js';
import { DepotError } from '../model/errors.js';
import { metadataName } from '../model/metadata.js';
import { directoryName } from '../model/company.js';
import { sha256 } from '../model/sha256.js';
import type {
  AnchorsResult,
  AuthorityRotation,
  CertificatesStatus,
  CertificateStatus,
  EnrolledStatus,
  InvitationResult,
  RepositoriesStatus,
  RevokeResult,
  TrustResetResult,
} from '../model/trust-status.js';
import { issuedElsewhere } from '../publish/own-pki.js';
import type { TrustApi } from '../serve/trust-api.js';
import { readAnchors } from '../trust/anchors.js';
import { fingerprintOf, readCertificates } from '../trust/certificates.js';
import { makeInvitation } from '../trust/join.js';
import { requireMembership, requireRegistry } from './membership.js';
import type { RunningDepot } from './running-depot.js';

/** What commands about trust ask of a running daemon. */
export class TrustControl implements TrustApi {
  constructor(private readonly depot: RunningDepot) {}

  /**
   * Forgets whose signatures are believed for a repository, with the heads that bear them: a master depot that lost its
   * keys can only be believed anew. Content and installation copy stay, so that nothing that is the same is fetched again.
   */
  async reset(repository: string, { dryRun }: { readonly dryRun: boolean }): Promise<TrustResetResult> {
    const { store, schedule, mastery, log } = this.depot;
    if (mastery.published.some(({ name }) => name === repository)) {
      throw new DepotError('bad-request', `${repository} is published here: its keys are this depot's own`, {
        hint: 'trust is reset at the depots below',
        retry: 'never',
      });
    }
    if (store.signed.rootVersions(repository).length === 0) {
      throw new DepotError('not-found', `nothing is believed of a repository ${repository} here`, {
        hint: 'depot status lists the repositories of this depot',
        retry: 'never',
      });
    }
    return schedule.between(repository, async () => {
      const newest = store.heads.newest(repository)?.head.generation ?? null;
      const heads = store.heads.list(repository).length;
      const discarded = { roots: store.signed.rootVersions(repository).length, heads, newest };
      if (!dryRun) {
        store.heads.startOver(repository);
        store.signed.forget(repository);
        for (const hold of store.holds.list(repository)) if (hold.kind === 'head') store.holds.remove(hold.id);
        log.warn({ repository, ...discarded }, `${repository}: it was forgotten whose signatures are believed`);
      }
      return { repository, dryRun, ...discarded };
    });
  }

  async certificates(): Promise<CertificatesStatus> {
    const { membership, settings, store } = this.depot;
    if (membership === undefined) return { own: null, subject: null, directory: null, anchors: [], issued: null };
    const { serial, issuedAtMs, expiresAtMs } = membership.own.facts();
    const own: CertificateStatus = {
      depot: settings.depot,
      site: settings.site,
      serial,
      issuedAt: iso(issuedAtMs),
      expiresAt: iso(expiresAtMs),
    };
    const anchors = membership.own.authority().anchors.map((pem) => {
      const [certificate] = readCertificates(pem, 'a trusted root');
      const subject = certificate.subject.replaceAll('\n', ', ');
      return { fingerprint: fingerprintOf(pem), subject, expiresAt: iso(Date.parse(certificate.validTo)) };
    });
    const root = store.signed.read(directoryName, metadataName('root', 1));
    const isOfOwnPki = membership.own.isOfOwnPki();
    const issued = isOfOwnPki ? undefined : membership.registry?.valid();
    return {
      own,
      subject: isOfOwnPki ? (membership.own.names()?.subject ?? null) : null,
      directory: root === undefined ? null : sha256(root),
      anchors,
      issued: issued?.map((each) => ({ ...each, rejoined: each.rejoined ?? null })) ?? null,
    };
  }

  async renew(): Promise<CertificatesStatus> {
    await requireMembership(this.depot.membership).renewal.renew();
    return this.certificates();
  }

  async invite(
    depot: string,
    site: string,
    { ttlMs, urls }: { readonly ttlMs: number; readonly urls: readonly string[] | null },
  ): Promise<InvitationResult> {
    const { settings, host, store, listen } = this.depot;
    const { own, climbing } = requireMembership(this.depot.membership);
    if (own.isOfOwnPki()) throw issuedElsewhere('join');
    if (!isWithin(site, settings.site)) {
      throw new DepotError('bad-request', `${site} is not at or below ${settings.site}, where this depot stands`, {
        hint: `invite ${depot} at a depot above ${site}`,
        retry: 'never',
      });
    }
    const { anchors } = own.authority();
    const root = store.signed.read(directoryName, metadataName('root', 1));
    const reachable = urls ?? (listen === null ? [] : [reachableFrom(listen)]);
    const expiresAtMs = host.now() + ttlMs;
    const { token, publicKey } = makeInvitation({
      urls: [...reachable],
      fingerprint: fingerprintOf(anchors[0] ?? ''),
      directory: sha256(root ?? ''),
      depot,
      site,
      expiresAtMs,
    });
    await climbing.ask('invite', { depot, site, publicKey, expiresAt: iso(expiresAtMs) });
    return { depot, site, token, expiresAt: iso(expiresAtMs), urls: reachable };
  }

  async revoke(depot: string, serial?: string): Promise<RevokeResult> {
    const { membership, settings, log } = this.depot;
    const own = membership?.own.facts().serial;
    if (depot === settings.depot || (serial !== undefined && serial === own)) {
      throw new DepotError('bad-request', `the certificate is that of this depot, which holds the directory`, {
        retry: 'never',
      });
    }
    const certificates = await requireRegistry(membership).revoke(depot, serial);
    this.depot.companyChanged();
    log.warn({ depot, serial, certificates }, `${depot} was revoked`);
    return { depot, certificates };
  }

  async replaceAnchors(pem: string): Promise<AnchorsResult> {
    const { membership, host, log } = this.depot;
    const registry = requireRegistry(membership);
    const { own } = requireMembership(membership);
    const trusted = readAnchors(pem, host.now());
    own.requireLeadsTo(trusted);
    await registry.replaceAnchors(trusted);
    this.depot.companyChanged();
    const anchors = trusted.map(fingerprintOf);
    log.warn({ anchors }, 'other roots are trusted from now on');
    return { anchors };
  }

  async rotateAuthority(rootKey: string | null): Promise<AuthorityRotation> {
    const fingerprint = await requireRegistry(this.depot.membership).rotateAuthority(rootKey);
    return this.rotated(fingerprint, 'the CA has a new root; depots renew their certificates as they hear of it');
  }

  async finishRotation(): Promise<AuthorityRotation> {
    const fingerprint = await requireRegistry(this.depot.membership).finishRotation();
    return this.rotated(fingerprint, 'the root of before is trusted no longer');
  }

  private rotated(fingerprint: string, message: string): AuthorityRotation {
    const { own } = requireMembership(this.depot.membership);
    this.depot.companyChanged();
    this.depot.log.warn({ fingerprint }, message);
    return { fingerprint, anchors: own.authority().anchors.map(fingerprintOf) };
  }

  async repositories(): Promise<RepositoriesStatus> {
    const { store, settings, membership } = this.depot;
    const enrolled = store.company
      .get(settings.site)
      ?.repositories.map(({ name, kind, context, master }) => ({ name, kind, context, master }));
    const waiting = membership?.registry
      ?.waiting()
      .map(({ name, context, master, at }) => ({ name, context, master, at }));
    return { enrolled: enrolled ?? null, waiting: waiting ?? null };
  }

  async enroll(repository: string): Promise<EnrolledStatus> {
    const { store, mastery, membership } = this.depot;
    const { climbing } = requireMembership(membership);
    const published = mastery.published.find(({ name }) => name === repository);
    const root = store.signed.read(repository, metadataName('root', 1));
    if (published === undefined || root === undefined) {
      const why = published === undefined ? 'is not published here' : 'has no generation yet';
      throw new DepotError('not-found', `${repository} ${why}`, {
        hint: published === undefined ? 'run this at its master depot' : `depot publish ${repository} --wait`,
        retry: 'never',
      });
    }
    const { kind, context } = published;
    const body = { name: repository, kind, context, root: Buffer.from(root).toString('base64') };
    const { state } = enrolledShape.parse(await climbing.ask('enrol', body));
    this.depot.companyChanged();
    return { repository, state };
  }

  async approve(repository: string): Promise<EnrolledStatus> {
    await requireRegistry(this.depot.membership).approve(repository);
    this.depot.companyChanged();
    return { repository, state: 'enrolled' };
  }
}

/** Where others reach a listener that takes all addresses of its machine: under the name of that. */
function reachableFrom(listen: string): string {
  const url = new URL(listen);
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = hostname();
  return url.origin;
}
