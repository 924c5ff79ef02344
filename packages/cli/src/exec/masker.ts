/** What replaces a value. */
const mask: Uint8Array = new TextEncoder().encode('***');

/** A shorter value, such as `yes`, would make the output unreadable (bytes). */
export const minMaskedLength = 4;
/** Shorter lines of a multi-line value, and shorter properties of a JSON secret, are too common to be secret. */
const minPartLength = 6;
const maxPartPatterns = 500;

/**
 * The texts to mask for some values: the value, its lines, the strings in its JSON, and each of them as it looks inside JSON and URLs.
 */
export function maskPatterns(values: readonly Uint8Array[]): readonly Uint8Array[] {
  const texts = values.map((value) => new TextDecoder().decode(value));
  const whole = texts.flatMap((text) => [text, text.trimEnd()]);
  const parts = texts
    .flatMap((text) => [...text.split(/\r?\n/u), ...stringsIn(text)])
    .filter((part) => part.length >= minPartLength && !whole.includes(part));
  const binary = values.filter((value) => value.length >= minMaskedLength && !isText(value));
  // Only parts are limited: a secret with many of them must not displace the value of another one.
  return [...binary, ...formsOf(whole), ...formsOf(parts).slice(0, maxPartPatterns)];
}

/** The texts as they are, in JSON and in URLs, the longest first. */
function formsOf(texts: readonly string[]): readonly Uint8Array[] {
  const forms = texts.flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(wellFormed(text)),
  ]);
  return Array.from(new Set(forms), (form) => new TextEncoder().encode(form))
    .filter(({ length }) => length >= minMaskedLength)
    .toSorted((one, other) => other.length - one.length);
}

/** JSON can contain half of a surrogate pair, which `encodeURIComponent` rejects. */
function wellFormed(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function stringsIn(text: string): readonly string[] {
  if (!/^\s*[{[]/u.test(text)) return [];
  const strings: string[] = [];
  try {
    JSON.parse(text, (_, value: unknown) => {
      if (typeof value === 'string') strings.push(value);
      return value;
    });
  } catch {
    // Not JSON: the whole text is masked.
  }
  return strings;
}

/** Matches one pattern in a stream of bytes (Knuth, Morris and Pratt): `length` bytes of it are matched so far. */
class Matcher {
  readonly pattern: Uint8Array;
  matched = 0;
  readonly #fallbacks: Uint32Array;

  constructor(pattern: Uint8Array) {
    this.pattern = pattern;
    this.#fallbacks = new Uint32Array(pattern.length + 1);
    for (let index = 1, length = 0; index < pattern.length; index += 1) {
      while (length > 0 && pattern[index] !== pattern[length]) length = this.#fallbacks[length] ?? 0;
      if (pattern[index] === pattern[length]) length += 1;
      this.#fallbacks[index + 1] = length;
    }
  }

  /** Returns whether the pattern ends with this byte. */
  next(byte: number): boolean {
    const { pattern } = this;
    while (this.matched > 0 && pattern[this.matched] !== byte) this.matched = this.#fallbacks[this.matched] ?? 0;
    if (pattern[this.matched] === byte) this.matched += 1;
    if (this.matched < pattern.length) return false;
    this.matched = this.#fallbacks[this.matched] ?? 0;
    return true;
  }
}

/**
 * Replaces values in a stream of bytes, also where a value is split over chunks.
 *
 * It holds back only bytes that may be the start of a value, so a prompt appears at once, and never more than the longest value.
 */
export class Masker {
  readonly #matchers: readonly Matcher[];
  /** The bytes that are held back, and which of them are part of a value. */
  #held: Uint8Array = new Uint8Array();
  #isMasked: Uint8Array = new Uint8Array();
  /** Whether the output ends with a mask, whose value may continue. */
  #endsWithMask = false;

  constructor(patterns: readonly Uint8Array[]) {
    this.#matchers = patterns.map((pattern) => new Matcher(pattern));
  }

  /** The output for the next bytes. */
  push(chunk: Uint8Array): Uint8Array {
    const start = this.#held.length;
    const bytes = concat(this.#held, chunk);
    const isMasked = concat(this.#isMasked, new Uint8Array(chunk.length));
    for (const matcher of this.#matchers) {
      const { length } = matcher.pattern;
      for (let index = start; index < bytes.length; index += 1) {
        if (matcher.next(bytes[index] ?? 0)) isMasked.fill(1, Math.max(0, index + 1 - length), index + 1);
      }
    }
    const keep = Math.max(0, ...this.#matchers.map(({ matched }) => matched));
    return this.#emit(bytes, isMasked, bytes.length - keep);
  }

  /** The output for the bytes that are held back, at the end of the stream. */
  end(): Uint8Array {
    return this.#emit(this.#held, this.#isMasked, this.#held.length);
  }

  #emit(bytes: Uint8Array, isMasked: Uint8Array, length: number): Uint8Array {
    const output: Uint8Array[] = [];
    for (let from = 0; from < length;) {
      const masked = isMasked[from] === 1;
      let to = from + 1;
      while (to < length && (isMasked[to] === 1) === masked) to += 1;
      if (!masked) output.push(bytes.subarray(from, to));
      else if (from > 0 || !this.#endsWithMask) output.push(mask);
      from = to;
      this.#endsWithMask = masked;
    }
    this.#held = bytes.slice(length);
    this.#isMasked = isMasked.slice(length);
    return concat(...output);
  }
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
