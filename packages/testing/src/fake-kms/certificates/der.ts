/**
 * The part of DER (ITU-T X.690) that certificates and key files need. Encodes only.
 *
 * Each function returns a complete element: tag, length, content.
 */
export function sequence(...elements: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(elements));
}

export function set(...elements: readonly Buffer[]): Buffer {
  return element(0x31, Buffer.concat(elements));
}

/** An explicit `[tag]`: wraps a complete element. */
export function explicit(tag: number, inner: Buffer): Buffer {
  return element(0xa0 | tag, inner);
}

/** An implicit `[tag]`: replaces the tag of an element with the given content. */
export function implicit(tag: number, content: Buffer): Buffer {
  return element(0x80 | tag, content);
}

/** A non-negative integer. DER forbids redundant leading zeros, and requires one if the top bit is set. */
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

/** UTCTime with a two-digit year before 2050, GeneralizedTime from then on (RFC 5280, 4.1.2.5). */
export function time(ms: number): Buffer {
  const digits = `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
  const isGeneralized = new Date(ms).getUTCFullYear() >= 2050;
  return isGeneralized
    ? element(0x18, Buffer.from(digits, 'latin1'))
    : element(0x17, Buffer.from(digits.slice(2), 'latin1'));
}

export function nullValue(): Buffer {
  return element(0x05, Buffer.alloc(0));
}

/** From dotted form, such as `2.5.29.17`. The first two numbers share a byte; the others are encoded in base 128. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift(0x80 | (rest % 128));
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
