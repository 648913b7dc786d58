import type { X509Certificate } from 'node:crypto';

/** What one side of a connection shows and what it trusts, all PEM. */
export interface TlsMaterial {
  readonly key: string;
  /** The own certificate, then the one that issued it. */
  readonly chain: string;
  /** The roots to which the other side's certificate must lead. */
  readonly anchors: readonly string[];
}

/** What a child goes by; a depot that is about to join has nothing of its own to show. */
export type ClientMaterial = TlsMaterial | Pick<TlsMaterial, 'anchors'>;

/** Who is on the other side, by its certificate. */
export interface Peer {
  readonly depot: string;
  readonly site: string;
  readonly serial: string;
}

/**
 * Judges the certificate of the other side, which leads to an anchor. Asked for every connection and every request:
 * connections that are kept and sessions that are resumed outlive what was true when they began, so the end of the
 * certificate's life is for the judge to see, too.
 * @throws DepotError `certificate-refused`
 */
export type JudgePeer = (leaf: X509Certificate) => Peer;

/** What a parent's client needs for `https:`. `material` is asked anew for each request, and may give another one. */
export interface ClientTls {
  readonly material: () => ClientMaterial;
  readonly judge: JudgePeer;
}
