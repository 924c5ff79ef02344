/** One element of DER (ITU-T X.690): what it is, and the bytes it holds. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
}

/** What was read is not the DER that it is taken for. */
export class DerError extends Error {
  override readonly name = 'DerProblem';
}

/** The tags that PKCS#12 is made of (X.690, section 8.1.2); `context0` is a `[0]` that holds elements, or plain bytes. */
export const derTag = {
  integer: 0x02,
  octets: 0x04,
  objectId: 0x06,
  sequence: 0x30,
  context0: 0xa0,
  plainContext0: 0x80,
} as const;

/**
 * The elements that stand one after another in `bytes`; throws `DerProblem` where they do not.
 *
 * Goes one level deep: whoever wants the elements inside asks for them, so that no input decides how deep the stack gets.
 */
export function readDer(bytes: Buffer): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    const length = readLength(bytes, at + 1);
    const end = length.end + length.value;
    if ((tag & 0x1f) === 0x1f) throw new DerError('a tag is longer than any that is used here');
    if (end > bytes.length) throw new DerError('an element is longer than what holds it');
    elements.push({ tag, content: bytes.subarray(length.end, end) });
    at = end;
  }
  return elements;
}

/** The bytes of an element that must be there, and of that kind. */
export function contentOf(element: DerElement | undefined, tag: number): Buffer {
  if (element === undefined) throw new DerError('an element is missing');
  if (element.tag !== tag) throw new DerError('an element is of another kind than expected');
  return element.content;
}

/** The elements inside of one that must be there, and of that kind. */
export function elementsOf(element: DerElement | undefined, tag: number): readonly DerElement[] {
  return readDer(contentOf(element, tag));
}

/** A whole number that is not negative; what is too large for one is told as `Infinity`, which no bound lets pass. */
export function integerOf(element: DerElement | undefined): number {
  const content = contentOf(element, derTag.integer);
  if (content.length === 0 || content.readUInt8(0) >= 0x80) throw new DerError('a number is negative or empty');
  if (content.length > 6) return Number.POSITIVE_INFINITY;
  return content.readUIntBE(0, content.length);
}

/** `1.2.840.113549.1.7.1` (X.690, section 8.19). */
export function objectIdOf(element: DerElement | undefined): string {
  const content = contentOf(element, derTag.objectId);
  const arcs: number[] = [];
  let arc = 0;
  // Every id that is known here is shorter; of a longer one it is enough that it is another. So it is of a number of more
  // than 39 bits, whose upper part is dropped before it gets too large to be exact.
  for (const byte of content.subarray(0, 32)) {
    arc = (arc % 2 ** 32) * 0x80 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first, ...others] = arcs;
  if (first === undefined) return '';
  // The first two numbers are written as one.
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - 40 * root, ...others].join('.');
}

function readLength(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  const first = bytes[at];
  if (first === undefined) throw new DerError('it ends in the middle of an element');
  if (first < 0x80) return { value: first, end: at + 1 };
  const size = first & 0x7f;
  if (size === 0) throw new DerError('it has an element of indefinite length (BER), where PKCS#12 of KMS is DER');
  if (size > 4 || at + 1 + size > bytes.length) throw new DerError('it ends in the middle of an element');
  return { value: bytes.readUIntBE(at + 1, size), end: at + 1 + size };
}
