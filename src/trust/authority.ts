import type { PublicKey } from '@peculiar/x509';
import { DepotError } from '../model/errors.js';
import { certify, keyIdOf, nameOf, type Contents, type Signer } from './certify.js';
import { exportKey, makeKeys } from './signing-key.js';
import { x509 } from './x509.js';

/** The company's CA as one depot holds it. Keys are PKCS #8 in PEM, not encrypted. */
export interface Authority {
  /** Null where the root's key is elsewhere. */
  readonly rootKey: string | null;
  readonly rootCertificate: string;
  readonly issuingKey: string;
  /** The certificate of `issuingKey` and those above it, PEM, without the root; empty where the root itself issues. */
  readonly issuingChain: string;
  /**
   * Where this CA follows another one: its root as the root before certified it, PEM. Depots show it, so that those that
   * have not heard of this CA yet accept them too.
   */
  readonly bridge?: string;
}

export interface NewAuthority {
  /** The company's name, for people to read: 1 to 64 characters. */
  readonly company: string;
  readonly nowMs: number;
  readonly rootLifeMs?: number;
  readonly issuingLifeMs?: number;
}

const yearMs = 365.25 * 24 * 60 * 60_000;
/** How far a new certificate reaches back, so that a depot whose clock is behind takes it. */
export const backdatedMs = 5 * 60_000;

/**
 * A new CA: a root, and below it the issuing certificate that signs those of depots, so that the root's key can be taken
 * offline. ECDSA P-256; the root lives 20 years, the issuing certificate 10, unless told otherwise.
 * @throws DepotError `bad-request` when the company's name cannot stand in a certificate
 */
export async function makeAuthority(input: NewAuthority): Promise<Authority> {
  const { company, nowMs, rootLifeMs = 20 * yearMs, issuingLifeMs = 10 * yearMs } = input;
  checkCompany(company);
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const root = await makeSigner(company, `depotd root ${day}`);
  const issuing = await makeSigner(company, `depotd issuing ${day}`);
  const dates = { fromMs: nowMs - backdatedMs };
  // One level for the issuing certificate, one for the root that follows this one some day.
  const rootContents = await authorityContents(root, 2, { ...dates, untilMs: nowMs + rootLifeMs });
  const issuingContents = await authorityContents(issuing, 0, {
    ...dates,
    untilMs: nowMs + Math.min(issuingLifeMs, rootLifeMs),
  });
  return {
    rootKey: root.pem,
    rootCertificate: await certify(root, rootContents),
    issuingKey: issuing.pem,
    issuingChain: await certify(root, issuingContents),
  };
}

interface NewSigner extends Signer {
  readonly pem: string;
  readonly publicKey: PublicKey;
}

async function makeSigner(company: string, commonName: string): Promise<NewSigner> {
  const { PublicKey } = await x509();
  const keys = await makeKeys();
  const publicKey = await PublicKey.create(keys.publicKey);
  return {
    name: await nameOf({ O: company, CN: commonName }),
    keyId: await keyIdOf(publicKey),
    key: { key: keys.privateKey, hash: 'SHA-256' },
    pem: exportKey(keys.privateKey),
    publicKey,
  };
}

/** `levelsBelow`: how many CAs may stand below this one. */
export async function authorityContents(
  { name, publicKey }: Pick<NewSigner, 'name' | 'publicKey'>,
  levelsBelow: number,
  dates: Pick<Contents, 'fromMs' | 'untilMs'>,
): Promise<Contents> {
  const { BasicConstraintsExtension, KeyUsagesExtension, KeyUsageFlags } = await x509();
  return {
    ...{ subject: name, publicKey, ...dates },
    extensions: [
      new BasicConstraintsExtension(true, levelsBelow, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  };
}

function checkCompany(company: string): void {
  if (/^\P{C}{1,64}$/u.test(company) && company.trim() !== '') return;
  throw new DepotError(
    'bad-request',
    'the name of a company has 1 to 64 characters, none of them a control character',
    {
      retry: 'never',
    },
  );
}
