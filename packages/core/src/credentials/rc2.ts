/** The fixed permutation of the bytes (RFC 2268, section 2): 16 of them a line, made of the digits of π. */
const pi =
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
/** By how much the four words of a block are turned in a mixing round. */
const turns = [1, 2, 3, 5] as const;

/**
 * Decrypts RC2 in CBC mode (RFC 2268) with padding (RFC 8018, section 6.1.1); `undefined` if that is not what the bytes are.
 *
 * OpenSSL keeps RC2 in a legacy provider that Node does not load, and 40 bits of it protect nothing: it is here because the
 * certificate in a client key of KMS is hidden by it, and says when the key ends. It must hide nothing else.
 */
export function decryptRc2Cbc(
  secret: Buffer,
  { key, iv, effectiveBits }: { readonly key: Buffer; readonly iv: Buffer; readonly effectiveBits: number },
): Buffer | undefined {
  if (secret.length === 0 || secret.length % blockSize !== 0) return undefined;
  const words = expandKey(key, effectiveBits);
  const plain = Buffer.alloc(secret.length);
  let before = iv;
  for (let at = 0; at < secret.length; at += blockSize) {
    const block = secret.subarray(at, at + blockSize);
    decryptBlock(block, words).forEach((word, index) => {
      plain.writeUInt16LE(word ^ before.readUInt16LE(2 * index), at + 2 * index);
    });
    before = block;
  }
  return withoutPadding(plain);
}

/** 64 words of 16 bits, each dependent on every bit of the key (section 2); its letters are those of the RFC. */
function expandKey(key: Buffer, t1: number): Uint16Array {
  const table = Buffer.from(pi, 'hex');
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

/** Sixteen rounds of mixing backwards, with mashing after the fifth and the eleventh of them (section 4). */
function decryptBlock(block: Buffer, words: Uint16Array): Uint16Array {
  const r = Uint16Array.from({ length: 4 }, (_, i) => block.readUInt16LE(2 * i));
  const word = (index: number): number => r[index & 3] ?? 0;
  for (let round = 15; round >= 0; round -= 1) {
    for (let i = 3; i >= 0; i -= 1) {
      const turn = turns[i] ?? 0;
      const turnedBack = (word(i) >>> turn) | (word(i) << (16 - turn));
      r[i] = turnedBack - (words[4 * round + i] ?? 0) - (word(i + 3) & word(i + 2)) - (~word(i + 3) & word(i + 1));
    }
    if (round !== 11 && round !== 5) continue;
    for (let i = 3; i >= 0; i -= 1) r[i] = word(i) - (words[word(i + 3) & 63] ?? 0);
  }
  return r;
}

function withoutPadding(plain: Buffer): Buffer | undefined {
  const length = plain.at(-1) ?? 0;
  const end = plain.length - length;
  const isRight = length >= 1 && length <= blockSize && plain.subarray(end).every((byte) => byte === length);
  return isRight ? plain.subarray(0, end) : undefined;
}
