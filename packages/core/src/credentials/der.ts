/** One element of DER (ITU-T X.690). */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
}

/** The bytes are not valid DER, or do not have the expected structure. The message is the end of a sentence. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** The tags in PKCS#12 (X.690, section 8.1.2). `context0` is a `[0]` that contains elements, `plainContext0` one with bytes. */
export const derTag = {
  integer: 0x02,
  octets: 0x04,
  objectId: 0x06,
  sequence: 0x30,
  context0: 0xa0,
  plainContext0: 0x80,
} as const;

/**
 * Reads the consecutive elements in `bytes`. Throws `DerError`.
 *
 * Reads one level: the caller descends only into elements that it expects, so that no input can exhaust the stack.
 */
export function readDer(bytes: Buffer): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    const length = readLength(bytes, at + 1);
    const end = length.end + length.value;
    if ((tag & 0x1f) === 0x1f) throw new DerError('a tag has more than one byte');
    if (end > bytes.length) throw new DerError('an element is longer than its container');
    elements.push({ tag, content: bytes.subarray(length.end, end) });
    at = end;
  }
  return elements;
}

/** Returns the content of a required element with the given tag. Throws `DerError`. */
export function contentOf(element: DerElement | undefined, tag: number): Buffer {
  if (element === undefined) throw new DerError('an element is missing');
  if (element.tag !== tag) throw new DerError('an element has an unexpected tag');
  return element.content;
}

/** Returns the elements in a required element with the given tag. Throws `DerError`. */
export function elementsOf(element: DerElement | undefined, tag: number): readonly DerElement[] {
  return readDer(contentOf(element, tag));
}

/** Returns a non-negative integer. More than six bytes are `Infinity`, which exceeds every limit. Throws `DerError`. */
export function integerOf(element: DerElement | undefined): number {
  const content = contentOf(element, derTag.integer);
  if (content.length === 0 || content.readUInt8(0) >= 0x80) throw new DerError('an integer is negative or empty');
  if (content.length > 6) return Number.POSITIVE_INFINITY;
  return content.readUIntBE(0, content.length);
}

/** Returns an object identifier such as `1.2.840.113549.1.7.1` (X.690, section 8.19). Throws `DerError`. */
export function objectIdOf(element: DerElement | undefined): string {
  const content = contentOf(element, derTag.objectId);
  const arcs: number[] = [];
  let arc = 0;
  // All ids that this package knows are shorter than 32 bytes, and their arcs shorter than 39 bits. Of a longer id it is enough
  // that it differs from them, so the rest of it, and the upper bits of its arcs, are ignored.
  for (const byte of content.subarray(0, 32)) {
    arc = (arc % 2 ** 32) * 0x80 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first, ...others] = arcs;
  if (first === undefined) return '';
  // The first two arcs are encoded as one number.
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - 40 * root, ...others].join('.');
}

function readLength(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  const first = bytes[at];
  if (first === undefined) throw new DerError(truncated);
  if (first < 0x80) return { value: first, end: at + 1 };
  const size = first & 0x7f;
  if (size === 0) throw new DerError('an element has an indefinite length (BER), expected DER');
  if (size > 4 || at + 1 + size > bytes.length) throw new DerError(truncated);
  return { value: bytes.readUIntBE(at + 1, size), end: at + 1 + size };
}

const truncated = 'it is truncated inside an element';
