import { isUtf8 } from 'node:buffer';

/** A field as it stands on the wire (https://protobuf.dev/programming-guides/encoding/). */
export type WireField =
  | { readonly number: number; readonly kind: 'varint' }
  | { readonly number: number; readonly kind: 'bytes'; readonly value: Buffer }
  | { readonly number: number; readonly kind: 'fixed' };

/** What was read is no message of the kind that it is taken for; the message says why, and nothing of what was read. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufProblem';
}

/** A field of bytes or text: tag, length, bytes. */
export function bytesField(number: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

export function trueField(number: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(1)]);
}

/** All fields of a message in their order; throws `ProtobufProblem`. No length that it tells is believed before it is checked. */
export function readFields(bytes: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at);
    const number = Math.floor(tag.value / 8);
    if (tag.value > 0xff_ff_ff_ff || number === 0) throw new ProtobufError('a field has a number that cannot be');
    const { field, end } = readField(bytes, tag.end, { number, wireType: tag.value % 8 });
    fields.push(field);
    at = end;
  }
  return fields;
}

/** The text of a field that is one; a number or fixed bytes in its place mean that this is another message. */
export function textOf(field: WireField): string {
  if (field.kind !== 'bytes') throw new ProtobufError(`field ${field.number} is not a text`);
  // toString() would put U+FFFD where the bytes are wrong, and a password would be another one without anybody noticing.
  if (!isUtf8(field.value)) throw new ProtobufError(`field ${field.number} is not UTF-8`);
  return field.value.toString('utf8');
}

function readField(
  bytes: Buffer,
  at: number,
  { number, wireType }: { readonly number: number; readonly wireType: number },
): { readonly field: WireField; readonly end: number } {
  switch (wireType) {
    case 0:
      return { field: { number, kind: 'varint' }, end: readVarint(bytes, at).end };
    case 2: {
      const length = readVarint(bytes, at);
      if (length.value > bytes.length - length.end)
        throw new ProtobufError(`field ${number} is longer than what holds it`);
      const end = length.end + length.value;
      return { field: { number, kind: 'bytes', value: bytes.subarray(length.end, end) }, end };
    }
    case 1:
    case 5: {
      const end = at + (wireType === 1 ? 8 : 4);
      if (end > bytes.length) throw new ProtobufError(`field ${number} is longer than what holds it`);
      return { field: { number, kind: 'fixed' }, end };
    }
    default:
      // 3 and 4 are groups, which proto3 does not have; the "<" of a page begins such a field.
      throw new ProtobufError(`field ${number} is of a kind that cannot be`);
  }
}

/**
 * At most ten bytes, for 64 bits. Only numbers of fields and lengths are looked at: beyond 2^53, where a number is not exact any
 * more, both are far out of bounds.
 */
function readVarint(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let size = 0; size < 10; size += 1) {
    const byte = bytes[at + size];
    if (byte === undefined) throw new ProtobufError('it ends in the middle of a field');
    value += (byte & 0x7f) * 2 ** (7 * size);
    if (byte < 0x80) return { value, end: at + size + 1 };
  }
  throw new ProtobufError('a number does not end');
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
