import type { X509Certificate } from 'node:crypto';
import { contentOf, elements, inside, tags, type Element } from './der.js';

/** Types of attributes by the DER of their identifier in hexadecimal: those of RFC 4514 section 3, and what openssl names besides. */
const typeNames: Readonly<Record<string, string>> = {
  '550403': 'CN',
  '550404': 'SN',
  '550405': 'serialNumber',
  '550406': 'C',
  '550407': 'L',
  '550408': 'ST',
  '550409': 'STREET',
  '55040a': 'O',
  '55040b': 'OU',
  '55040c': 'title',
  '55042a': 'GN',
  '2a864886f70d010901': 'emailAddress',
  '0992268993f22c640101': 'UID',
  '0992268993f22c640119': 'DC',
};
const namesInLowerCase = new Map<string, string>(Object.values(typeNames).map((name) => [name.toLowerCase(), name]));

/** How the text of a value is encoded, by its tag; values of other types are written as the hexadecimal of their DER. */
const encodings = new Map<number, string>([
  [tags.utf8String, 'utf-8'],
  [tags.printableString, 'utf-8'],
  [tags.ia5String, 'utf-8'],
  [tags.t61String, 'latin1'],
  [tags.bmpString, 'utf-16be'],
]);

/** A company's names are short; a row of the directory has no room for more. */
const maxLength = 1024;

export interface CertificateNames {
  readonly subject: string;
  readonly issuer: string;
}

/**
 * Subject and issuer as RFC 4514 writes them: `CN=munich-1,OU=depots,O=Company`, the last attribute of the certificate first.
 * Undefined where one of them is empty, very long, or not what a name must be: such a certificate can be in no row.
 */
export function namesOf(certificate: X509Certificate): CertificateNames | undefined {
  try {
    const fields = inside(inside(elements(certificate.raw)[0], tags.sequence)[0], tags.sequence);
    const [, , issuer, , subject] = fields[0]?.tag === tags.version ? fields.slice(1) : fields;
    const names = { subject: written(subject), issuer: written(issuer) };
    const isUsable = (name: string): boolean => name !== '' && name.length <= maxLength;
    return isUsable(names.subject) && isUsable(names.issuer) ? names : undefined;
  } catch {
    return undefined;
  }
}

/** The same name as `namesOf` writes it, from how a person or openssl (`-nameopt RFC2253`) does. Undefined where it is none. */
export function readName(text: string): string | undefined {
  const parts = splitAt(text, ',').map((part) => {
    const attributes = splitAt(part, '+').map(readAttribute);
    return attributes.some((each) => each === undefined) ? undefined : attributes.sort().join('+');
  });
  const name = parts.join(',');
  return parts.some((part) => part === undefined) || name.length > maxLength ? undefined : name;
}

/** With the parts the other way round, as openssl prints names unless told otherwise. */
export function reversedName(name: string): string {
  return splitAt(name, ',').reverse().join(',');
}

function written(name: Element | undefined): string {
  const parts = inside(name, tags.sequence).map((part) => inside(part, tags.set).map(attribute).sort().join('+'));
  return parts.reverse().join(',');
}

function attribute(element: Element): string {
  const [type, value] = inside(element, tags.sequence);
  const identifier = contentOf(type, tags.objectIdentifier);
  const name = typeNames[Buffer.from(identifier).toString('hex')];
  if (value === undefined) throw new RangeError('an attribute without a value');
  const encoding = encodings.get(value.tag);
  if (name === undefined || encoding === undefined) return `${name ?? dotted(identifier)}=#${hexadecimal(value)}`;
  return `${name}=${escaped(new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(value.content))}`;
}

/** The DER of a value that has no text, or whose type has no name. */
function hexadecimal({ tag, content }: Element): string {
  if (content.length > maxLength) throw new RangeError('a value that is too long for a name');
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.from([tag, ...length, ...content]).toString('hex');
}

function dotted(identifier: Uint8Array): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of identifier) {
    number = number * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...rest] = numbers;
  const top = Math.min(Math.floor(first / 40), 2);
  return [top, first - top * 40, ...rest].join('.');
}

/** RFC 4514 section 2.4. Control characters become bytes, so that a name can stand in a log or on a terminal. */
function escaped(value: string): string {
  return value
    .replace(/["+,;<>\\]|^[ #]|(?<=.) $/gsu, (character) => `\\${character}`)
    .replace(/\p{C}/gu, (character) => Buffer.from(character).toString('hex').replace(/../g, '\\$&'));
}

function readAttribute(text: string): string | undefined {
  const [, type = '', value = ''] = /^\s*([A-Za-z]+|\d+(?:\.\d+)+)\s*=\s*(.*)$/su.exec(text) ?? [];
  const name = /^\d/.test(type) ? type : namesInLowerCase.get(type.toLowerCase());
  if (name === undefined) return undefined;
  if (/^#(?:[0-9a-f]{2})+\s*$/i.test(value)) return `${name}=${value.trim().toLowerCase()}`;
  const plain = unescaped(value);
  return plain === undefined || /^\d/.test(type) ? undefined : `${name}=${escaped(plain)}`;
}

/** Undefined where a quotation mark stands for a form that is no longer used (RFC 2253 section 4), or bytes are no text. */
function unescaped(value: string): string | undefined {
  const units: string[] = value.match(/\\[0-9a-f]{2}|\\.|[^\\]/gisu) ?? [];
  if (units.join('') !== value || units.includes('"')) return undefined;
  while (units.length > 0 && /^\s$/.test(units.at(-1) ?? '')) units.pop();
  const bytes = units.map((unit) => {
    if (unit.length === 3 && unit.startsWith('\\')) return Buffer.from(unit.slice(1), 'hex');
    return Buffer.from(unit.startsWith('\\') ? unit.slice(1) : unit);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(bytes));
  } catch {
    return undefined;
  }
}

/** At separators before which no backslash stands. */
function splitAt(text: string, separator: ',' | '+'): string[] {
  const parts = [''];
  for (const [unit] of text.matchAll(/\\.|[^\\]|\\$/gsu)) {
    if (unit === separator) parts.push('');
    else parts[parts.length - 1] += unit;
  }
  return parts;
}
