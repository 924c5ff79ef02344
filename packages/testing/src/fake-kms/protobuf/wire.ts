/**
 * Just enough of the Protocol Buffers wire format (protobuf.dev, "Encoding") for three flat messages: varints and
 * length-delimited fields are written and read, fields of fixed width are passed over.
 */
export interface WireField {
  readonly number: number;
  /** A number for a varint, bytes for a length-delimited field. */
  readonly content: bigint | Buffer;
}

/** The bytes are no message. Says where, and never what: a secret may stand in them. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function writeText(number: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

export function writeNumber(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

/** The fields in the order they came, those of fixed width left out. */
export function readFields(bytes: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(bytes, at);
    const number = Number(tag.value >> 3n);
    if (number < 1 || tag.value > 0xffff_ffffn) throw new MalformedMessage(`There is no such field, at byte ${at}.`);
    at = tag.end;
    const { content, end } = readContent(bytes, at, Number(tag.value & 7n));
    if (content !== undefined) fields.push({ number, content });
    at = end;
  }
  return fields;
}

/** Proto3 texts are UTF-8 and nothing else. */
export function textOf(content: WireField['content']): string {
  if (typeof content === 'bigint') throw new MalformedMessage('A text was expected, and there is a number.');
  try {
    return utf8.decode(content);
  } catch {
    throw new MalformedMessage('A text is no UTF-8.');
  }
}

export function numberOf(content: WireField['content']): number {
  if (typeof content !== 'bigint') throw new MalformedMessage('A number was expected, and there is a text.');
  return Number(BigInt.asIntN(32, content));
}

/** Any varint but nought is true, however long. */
export function isTrue(content: WireField['content']): boolean {
  if (typeof content !== 'bigint') throw new MalformedMessage('A flag was expected, and there is a text.');
  return content !== 0n;
}

function readContent(
  bytes: Buffer,
  at: number,
  wireType: number,
): { content: WireField['content'] | undefined; end: number } {
  switch (wireType) {
    case 0: {
      const { value, end } = readVarint(bytes, at);
      return { content: value, end };
    }
    case 1:
      return { content: undefined, end: checked(bytes, at + 8) };
    case 2: {
      const { value, end: start } = readVarint(bytes, at);
      const end = checked(bytes, start + Number(value));
      return { content: bytes.subarray(start, end), end };
    }
    case 5:
      return { content: undefined, end: checked(bytes, at + 4) };
    default:
      // 3 and 4 are groups, which proto3 does not have. `<` as a first byte, an HTML page, ends here too.
      throw new MalformedMessage(`There is no such wire type, at byte ${at}.`);
  }
}

function checked(bytes: Buffer, end: number): number {
  if (end > bytes.length) throw new MalformedMessage('The message ends inside a field.');
  return end;
}

/** Ten bytes at most: seven bits each, for 64. */
function readVarint(bytes: Buffer, start: number): { value: bigint; end: number } {
  let value = 0n;
  for (let length = 0; length < 10; length += 1) {
    const byte = bytes[start + length];
    if (byte === undefined) throw new MalformedMessage('The message ends inside a number.');
    value |= BigInt(byte & 0x7f) << BigInt(7 * length);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), end: start + length + 1 };
  }
  throw new MalformedMessage(`A number has more than ten bytes, at byte ${start}.`);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
