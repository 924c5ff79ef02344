import { builtinModule } from '../../platform/builtin-module.ts';

const { isUtf8 } = builtinModule('node:buffer');

/** A field in its wire format (https://protobuf.dev/programming-guides/encoding/). */
export type WireField =
  | { readonly number: number; readonly kind: 'varint' }
  | { readonly number: number; readonly kind: 'bytes'; readonly value: Buffer }
  | { readonly number: number; readonly kind: 'fixed' };

/** The bytes are not a message of the expected type. The error message quotes none of them. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

/** Encodes a string field: tag, length, bytes. */
export function bytesField(number: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

/** Encodes a bool field that is true. */
export function trueField(number: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(1)]);
}

/** Reads all fields of a message in their order. Checks each length before using it. Throws `ProtobufError`. */
export function readFields(bytes: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = readVarint(bytes, at);
    const number = Math.floor(tag.value / 8);
    if (tag.value > 0xff_ff_ff_ff || number === 0) throw new ProtobufError('a field number is invalid');
    const { field, end } = readField(bytes, tag.end, { number, wireType: tag.value % 8 });
    fields.push(field);
    at = end;
  }
  return fields;
}

/** Returns the value of a string field. Throws `ProtobufError` for another wire type: the bytes are then another message. */
export function textOf(field: WireField): string {
  if (field.kind !== 'bytes') throw new ProtobufError(`field ${field.number} is not a string`);
  // toString() would replace invalid bytes by U+FFFD and so change a password silently.
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
        throw new ProtobufError(`field ${number} is longer than its message`);
      const end = length.end + length.value;
      return { field: { number, kind: 'bytes', value: bytes.subarray(length.end, end) }, end };
    }
    case 1:
    case 5: {
      const end = at + (wireType === 1 ? 8 : 4);
      if (end > bytes.length) throw new ProtobufError(`field ${number} is longer than its message`);
      return { field: { number, kind: 'fixed' }, end };
    }
    default:
      // 3 and 4 are groups, which proto3 does not support. The "<" of an HTML page decodes as the end of a group.
      throw new ProtobufError(`field ${number} has an invalid wire type`);
  }
}

/**
 * Reads a varint of at most ten bytes (64 bits). The value is used only for field numbers and lengths. Above 2^53 it is not
 * exact, but there both are out of bounds.
 */
function readVarint(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let size = 0; size < 10; size += 1) {
    const byte = bytes[at + size];
    if (byte === undefined) throw new ProtobufError('the message is truncated inside a field');
    value += (byte & 0x7f) * 2 ** (7 * size);
    if (byte < 0x80) return { value, end: at + size + 1 };
  }
  throw new ProtobufError('a varint has more than ten bytes');
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let remaining = value;
  for (; remaining >= 0x80; remaining = Math.floor(remaining / 0x80)) bytes.push((remaining % 0x80) + 0x80);
  bytes.push(remaining);
  return Buffer.from(bytes);
}
