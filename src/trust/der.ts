/** One element of DER (ITU-T X.690): its tag with class and form, as the one byte that all tags in certificates are. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  /** `[6]`, a URI among names. */
  uri: 0x86,
  /** `[0]`, the version of a certificate. */
  version: 0xa0,
  /** `[3]`, the extensions of a certificate. */
  extensions: 0xa3,
} as const;

/**
 * The elements that stand one after the other in `bytes`.
 * @throws RangeError where the bytes are not that, indefinite lengths and long tags included
 */
export function elements(bytes: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = byteAt(bytes, at);
    if ((tag & 0x1f) === 0x1f) throw new RangeError(`a tag of several bytes at ${at}`);
    const { length, width } = lengthAt(bytes, at + 1);
    const from = at + 1 + width;
    if (from + length > bytes.length) throw new RangeError(`an element of ${length} bytes at ${at} is cut off`);
    found.push({ tag, content: bytes.subarray(from, from + length) });
    at = from + length;
  }
  return found;
}

/**
 * The elements inside of `element`, which must have that tag.
 * @throws RangeError where it is missing or another
 */
export function inside(element: Element | undefined, tag: number): Element[] {
  return elements(contentOf(element, tag));
}

/** @throws RangeError where the element is missing or has another tag */
export function contentOf(element: Element | undefined, tag: number): Uint8Array {
  if (element?.tag !== tag) throw new RangeError(`expected an element of tag ${tag}, got ${element?.tag ?? 'none'}`);
  return element.content;
}

function lengthAt(bytes: Uint8Array, at: number): { length: number; width: number } {
  const first = byteAt(bytes, at);
  if (first < 0x80) return { length: first, width: 1 };
  const count = first & 0x7f;
  if (count === 0 || count > 4) throw new RangeError(`a length of ${count} bytes at ${at}`);
  let length = 0;
  for (let next = 1; next <= count; next += 1) length = length * 256 + byteAt(bytes, at + next);
  return { length, width: 1 + count };
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new RangeError(`cut off at ${at}`);
  return byte;
}
