import type { X509Certificate } from 'node:crypto';
import { contentOf, elements, inside, tags, type Element } from './der.js';

/** What a chain is judged by and Node's `X509Certificate` does not tell. */
export interface CertificateFacts {
  /** URIs among the subject's alternative names. */
  readonly uris: readonly string[];
  /** How many CAs may stand below this one; Infinity where it does not say. */
  readonly pathLength: number;
  /** A critical extension that is not understood here, as hexadecimal of its identifier; such a certificate must be refused. */
  readonly unknownCritical: string | undefined;
  /** Whether it is signed with SHA-256 or better. */
  readonly strongSignature: boolean;
}

/** Object identifiers as the hexadecimal of their DER. */
const subjectAltName = '551d11';
const basicConstraints = '551d13';
const keyUsage = '551d0f';
const extendedKeyUsage = '551d25';
const understood = new Set([subjectAltName, basicConstraints, keyUsage, extendedKeyUsage]);
const strong = new Set([
  ...['2a8648ce3d040302', '2a8648ce3d040303', '2a8648ce3d040304'], // ecdsa-with-SHA256, 384, 512
  ...['2a864886f70d01010b', '2a864886f70d01010c', '2a864886f70d01010d'], // sha256, 384, 512 WithRSAEncryption
]);

interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/**
 * RFC 5280 sections 4.1 and 4.2.
 * @throws RangeError where an extension is not as it must be, or stands there twice
 */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  const [body, algorithm] = inside(elements(certificate.raw)[0], tags.sequence);
  const extensions = readExtensions(inside(body, tags.sequence));
  const unknown = [...extensions].find(([identifier, { critical }]) => critical && !understood.has(identifier));
  return {
    uris: readUris(extensions.get(subjectAltName)),
    pathLength: readPathLength(extensions.get(basicConstraints)),
    unknownCritical: unknown?.[0],
    strongSignature: strong.has(identifierOf(inside(algorithm, tags.sequence)[0])),
  };
}

function readExtensions(fields: readonly Element[]): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  const field = fields.find(({ tag }) => tag === tags.extensions);
  if (field === undefined) return extensions;
  for (const each of inside(elements(field.content)[0], tags.sequence)) {
    const [identifier, second, third] = inside(each, tags.sequence);
    const critical = second?.tag === tags.boolean && second.content[0] !== 0;
    const name = identifierOf(identifier);
    if (extensions.has(name)) throw new RangeError(`two extensions ${name}`);
    extensions.set(name, { critical, value: contentOf(third ?? second, tags.octetString) });
  }
  return extensions;
}

function readUris(extension: Extension | undefined): string[] {
  if (extension === undefined) return [];
  const names = inside(elements(extension.value)[0], tags.sequence);
  return names.filter(({ tag }) => tag === tags.uri).map(({ content }) => Buffer.from(content).toString('latin1'));
}

function readPathLength(extension: Extension | undefined): number {
  if (extension === undefined) return Infinity;
  const fields = inside(elements(extension.value)[0], tags.sequence);
  const length = fields.find(({ tag }) => tag === tags.integer);
  return length === undefined ? Infinity : length.content.reduce((sum, byte) => sum * 256 + byte, 0);
}

function identifierOf(element: Element | undefined): string {
  return Buffer.from(contentOf(element, tags.objectIdentifier)).toString('hex');
}
