/**
 * Just enough DER (ITU-T X.690) to write certificates and key files; nothing here reads any.
 *
 * Each function returns one complete element: tag, length, content.
 */
export function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

export function set(...parts: readonly Buffer[]): Buffer {
  return element(0x31, Buffer.concat(parts));
}

/** `[tag]` around whole elements. */
export function explicit(tag: number, inner: Buffer): Buffer {
  return element(0xa0 | tag, inner);
}

/** `[tag]` in the place of an element's own tag, around its plain content. */
export function implicit(tag: number, content: Buffer): Buffer {
  return element(0x80 | tag, content);
}

/** A number of zero or more, from its bytes: DER wants no needless leading zero, and one where the top bit is set. */
export function integer(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? Buffer.from([0]) : bytes.subarray(start);
  return element(0x02, (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

export function boolean(value: boolean): Buffer {
  return element(0x01, Buffer.from([value ? 0xff : 0]));
}

export function bitString(content: Buffer, unusedBits = 0): Buffer {
  return element(0x03, Buffer.concat([Buffer.from([unusedBits]), content]));
}

export function octetString(content: Buffer): Buffer {
  return element(0x04, content);
}

export function utf8String(text: string): Buffer {
  return element(0x0c, Buffer.from(text, 'utf8'));
}

/** With two digits for the year before 2050 and four from then on, as RFC 5280 4.1.2.5 demands. */
export function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
  const isLate = new Date(ms).getUTCFullYear() >= 2050;
  return isLate ? element(0x18, Buffer.from(digits, 'latin1')) : element(0x17, Buffer.from(digits.slice(2), 'latin1'));
}

export function nothing(): Buffer {
  return element(0x05, Buffer.alloc(0));
}

/** `2.5.29.17` and the like. The first two numbers share a byte; the rest are written in base 128. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) digits.unshift(0x80 | (left % 128));
  return digits;
}

function element(tag: number, content: Buffer): Buffer {
  const length =
    content.length < 0x80
      ? Buffer.from([content.length])
      : content.length < 0x100
        ? Buffer.from([0x81, content.length])
        : Buffer.from([0x82, content.length >> 8, content.length & 0xff]);
  return Buffer.concat([Buffer.from([tag]), length, content]);
}
