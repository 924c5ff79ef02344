/**
 * The part of the Protocol Buffers wire format (protobuf.dev, "Encoding") that three flat messages need: reads and writes
 * varints and length-delimited fields, and skips fixed-width fields.
 */
export interface WireField {
  readonly number: number;
  /** A bigint for a varint, a buffer for a length-delimited field. */
  readonly content: bigint | Buffer;
}

/** The bytes are not a valid message. The error gives the position, never the content, which may be a secret. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

const maxVarintBytes = 10;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function writeString(number: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

export function writeInteger(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

/** The varint and length-delimited fields, in message order. */
export function readFields(bytes: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const tag = readVarint(bytes, offset);
    const number = Number(tag.value >> 3n);
    if (number < 1 || tag.value > 0xffff_ffffn) throw new MalformedMessage(`Invalid field number at byte ${offset}.`);
    const { content, end } = readContent(bytes, tag.end, Number(tag.value & 7n));
    if (content !== undefined) fields.push({ number, content });
    offset = end;
  }
  return fields;
}

/** Proto3 strings must be valid UTF-8. */
export function stringOf(content: WireField['content']): string {
  if (typeof content === 'bigint') throw new MalformedMessage('Expected a string, got a varint.');
  try {
    return utf8.decode(content);
  } catch {
    throw new MalformedMessage('A string is not valid UTF-8.');
  }
}

export function integerOf(content: WireField['content']): number {
  if (typeof content !== 'bigint') throw new MalformedMessage('Expected an integer, got a length-delimited field.');
  return Number(BigInt.asIntN(32, content));
}

/** Every varint except 0 is true. */
export function booleanOf(content: WireField['content']): boolean {
  if (typeof content !== 'bigint') throw new MalformedMessage('Expected a boolean, got a length-delimited field.');
  return content !== 0n;
}

function readContent(
  bytes: Buffer,
  offset: number,
  wireType: number,
): { content: WireField['content'] | undefined; end: number } {
  switch (wireType) {
    case 0: {
      const { value, end } = readVarint(bytes, offset);
      return { content: value, end };
    }
    case 1:
      return { content: undefined, end: checkEnd(bytes, offset + 8) };
    case 2: {
      const { value, end: start } = readVarint(bytes, offset);
      const end = checkEnd(bytes, start + Number(value));
      return { content: bytes.subarray(start, end), end };
    }
    case 5:
      return { content: undefined, end: checkEnd(bytes, offset + 4) };
    default:
      // 3 and 4 are groups, which proto3 does not have. An HTML page, which begins with `<`, fails here too.
      throw new MalformedMessage(`Invalid wire type at byte ${offset}.`);
  }
}

function checkEnd(bytes: Buffer, end: number): number {
  if (end > bytes.length) throw new MalformedMessage('The message ends inside a field.');
  return end;
}

function readVarint(bytes: Buffer, start: number): { value: bigint; end: number } {
  let value = 0n;
  for (let length = 0; length < maxVarintBytes; length += 1) {
    const byte = bytes[start + length];
    if (byte === undefined) throw new MalformedMessage('The message ends inside a varint.');
    value |= BigInt(byte & 0x7f) << BigInt(7 * length);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), end: start + length + 1 };
  }
  throw new MalformedMessage(`The varint at byte ${start} has more than ${maxVarintBytes} bytes.`);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
