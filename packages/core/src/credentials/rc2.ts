/** The permutation table PITABLE (RFC 2268, section 2), 16 bytes a line. */
const piTable =
  'd978f9c419ddb5ed28e9fd794aa0d89d' +
  'c67e37832b76538e624c6488448bfba2' +
  '179a59f587b34f1361456d8d09817d32' +
  'bd8f40eb86b77b0bf09521225c6b4e82' +
  '54d66593ce60b21c7356c014a78cf1dc' +
  '1275ca1f3bbee4d1423dd430a33cb626' +
  '6fbf0eda4669075727f21d9bbc944303' +
  'f811c7f690ef3ee706c3d52fc8661ed7' +
  '08e8eade8052eef784aa72ac354d6a2a' +
  '961ad2715a1549744b9fd05e0418a4ec' +
  'c2e0416e0f51cbcc2491af50a1f47039' +
  '997c3a8523b8b47afc02365b25559731' +
  '2d5dfa98e38a92ae05df2910676cbac9' +
  'd300e6cfe19ea82c6316013f58e289a9' +
  '0d38341bab33ffb0bb480c5fb9b1cd2e' +
  'c5f3db47e5a59c770aa62068fe7fc1ad';

const blockSize = 8;
/** The number of bits by which a mixing round rotates each of the four words of a block. */
const rotations = [1, 2, 3, 5] as const;

/**
 * Decrypts RC2 in CBC mode (RFC 2268) and removes the padding (RFC 8018, section 6.1.1). Returns `undefined` if the length or
 * the padding is wrong.
 *
 * OpenSSL has RC2 only in its legacy provider, which Node does not load. KMS encrypts the certificate in a client key with RC2, and
 * the certificate contains the expiry of the key. RC2 with 40 bits protects nothing: do not use it for anything else.
 */
export function decryptRc2Cbc(
  ciphertext: Buffer,
  { key, iv, effectiveBits }: { readonly key: Buffer; readonly iv: Buffer; readonly effectiveBits: number },
): Buffer | undefined {
  if (ciphertext.length === 0 || ciphertext.length % blockSize !== 0) return undefined;
  const words = expandKey(key, effectiveBits);
  const plaintext = Buffer.alloc(ciphertext.length);
  let previous = iv;
  for (let at = 0; at < ciphertext.length; at += blockSize) {
    const block = ciphertext.subarray(at, at + blockSize);
    decryptBlock(block, words).forEach((word, index) => {
      plaintext.writeUInt16LE(word ^ previous.readUInt16LE(2 * index), at + 2 * index);
    });
    previous = block;
  }
  return withoutPadding(plaintext);
}

/** Key expansion to 64 words of 16 bits (RFC 2268, section 2). The variable names are those of the RFC. */
function expandKey(key: Buffer, t1: number): Uint16Array {
  const table = Buffer.from(piTable, 'hex');
  const at = (index: number): number => table[index & 0xff] ?? 0;
  const t8 = Math.ceil(t1 / 8);
  const l = new Uint8Array(128);
  l.set(key);
  const byte = (index: number): number => l[index] ?? 0;
  for (let i = key.length; i < 128; i += 1) l[i] = at(byte(i - 1) + byte(i - key.length));
  l[128 - t8] = at(byte(128 - t8) & (0xff >> (8 * t8 - t1)));
  for (let i = 127 - t8; i >= 0; i -= 1) l[i] = at(byte(i + 1) ^ byte(i + t8));
  return Uint16Array.from({ length: 64 }, (_, i) => byte(2 * i) + 256 * byte(2 * i + 1));
}

/** 16 reverse mixing rounds, with a reverse mashing round after the fifth and the eleventh (RFC 2268, section 4). */
function decryptBlock(block: Buffer, words: Uint16Array): Uint16Array {
  const r = Uint16Array.from({ length: 4 }, (_, i) => block.readUInt16LE(2 * i));
  const word = (index: number): number => r[index & 3] ?? 0;
  for (let round = 15; round >= 0; round -= 1) {
    for (let i = 3; i >= 0; i -= 1) {
      const bits = rotations[i] ?? 0;
      const rotated = (word(i) >>> bits) | (word(i) << (16 - bits));
      r[i] = rotated - (words[4 * round + i] ?? 0) - (word(i + 3) & word(i + 2)) - (~word(i + 3) & word(i + 1));
    }
    if (round !== 11 && round !== 5) continue;
    for (let i = 3; i >= 0; i -= 1) r[i] = word(i) - (words[word(i + 3) & 63] ?? 0);
  }
  return r;
}

function withoutPadding(plaintext: Buffer): Buffer | undefined {
  const length = plaintext.at(-1) ?? 0;
  const end = plaintext.length - length;
  const isValid = length >= 1 && length <= blockSize && plaintext.subarray(end).every((byte) => byte === length);
  return isValid ? plaintext.subarray(0, end) : undefined;
}
