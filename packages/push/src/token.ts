import { createHash, timingSafeEqual } from 'node:crypto';

/** A token that an attacker can guess lets anyone trigger refreshes. */
const minBits = 128;
const maxLength = 256;
/** Fewer different characters mean that a person made the token up. */
const minCharacters = 8;

const alphabets = [
  { pattern: /^\d+$/u, size: 10 },
  { pattern: /^[\da-f]+$/iu, size: 16 },
  { pattern: /^(?:[a-z]+|[A-Z]+)$/u, size: 26 },
  { pattern: /^(?:[\da-z]+|[\dA-Z]+)$/u, size: 36 },
  { pattern: /^[\w.~-]+$/u, size: 62 },
] as const;

/** What a token must look like. */
export const tokenRule =
  'a random token of at least 128 bits, of letters, digits and ._~- (openssl rand -hex 32), or a list of up to four';

/** Whether a token has enough bits for its alphabet. A repeated text has only those of one repetition. */
export function isStrongToken(token: unknown): token is string {
  if (typeof token !== 'string' || token.length > maxLength) return false;
  const alphabet = alphabets.find(({ pattern }) => pattern.test(token));
  if (alphabet === undefined || new Set(token).size < minCharacters) return false;
  return shortestPeriod(token) * Math.log2(alphabet.size) >= minBits;
}

function shortestPeriod(text: string): number {
  const start = `${text}${text}`.indexOf(text, 1);
  return start === -1 ? text.length : start;
}

/** Compares the hashes of tokens in constant time, which also hides the length of a token. */
export class Tokens {
  readonly #digests: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#digests = tokens.map(digestOf);
  }

  includes(token: string | undefined): boolean {
    if (token === undefined || token.length > maxLength) return false;
    const digest = digestOf(token);
    return this.#digests.map((known) => timingSafeEqual(known, digest)).includes(true);
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
