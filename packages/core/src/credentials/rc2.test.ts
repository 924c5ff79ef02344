import { expect, test } from 'vitest';
import { decryptRc2Cbc } from './rc2.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** RFC 2268, section 5: key, effective bits, plaintext, ciphertext. */
const vectors = [
  ['0000000000000000', 63, '0000000000000000', 'ebb773f993278eff'],
  ['ffffffffffffffff', 64, 'ffffffffffffffff', '278b27e42e2f0d49'],
  ['3000000000000000', 64, '1000000000000001', '30649edf9be7d2c2'],
  ['88', 64, '0000000000000000', '61a8a244adacccf0'],
  ['88bca90e90875a', 64, '0000000000000000', '6ccf4308974c267f'],
  ['88bca90e90875a7f0f79c384627bafb2', 64, '0000000000000000', '1a807d272bbe5db1'],
  ['88bca90e90875a7f0f79c384627bafb2', 128, '0000000000000000', '2269552ab0f85ca6'],
  ['88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e', 129, '0000000000000000', '5b78d3a43dfff1f1'],
] as const;

test.each(vectors)(
  'decrypts a block with key %s of %i effective bits into %s',
  (...[key, effectiveBits, plaintext, ciphertext]) => {
    // The vectors have no padding. With this IV, a block that decrypts to the expected plaintext becomes a block of padding.
    const iv = hex(plaintext).map((byte) => byte ^ 8);

    expect(decryptRc2Cbc(hex(ciphertext), { key: hex(key), iv: Buffer.from(iv), effectiveBits })).toEqual(
      Buffer.alloc(0),
    );
  },
);

/** From `openssl enc -provider legacy` with -rc2-40-cbc and -rc2-cbc. */
test.each([
  ['0102030405', 40, '93fba9946ac9fd673a2b3f97779f9cf4d1740d37bcd6e9e6eeff2bebdc93bbaf2019e58036fdfeda'],
  [
    '000102030405060708090a0b0c0d0e0f',
    128,
    '4d19d9b10efdb9aeb8e4ffe6f85a693740e0aa4ba2434d599800f8b004d254ba9a1e441c04da13f1',
  ],
] as const)('decrypts several blocks that OpenSSL encrypted with key %s', (key, effectiveBits, ciphertext) => {
  const plaintext = decryptRc2Cbc(hex(ciphertext), { key: hex(key), iv: hex('1122334455667788'), effectiveBits });

  expect(plaintext?.toString()).toBe('A text of several blocks, and a bit.');
});

test.each(['', '00', '0011223344556677aa'])(
  'rejects a ciphertext that is not a multiple of the block size: "%s"',
  (ciphertext) => {
    expect(decryptRc2Cbc(hex(ciphertext), { key: hex('88'), iv: Buffer.alloc(8), effectiveBits: 64 })).toBeUndefined();
  },
);

test.each([0, 9, 255])('rejects a padding length of %i', (last) => {
  const iv = Buffer.alloc(8, last);

  expect(decryptRc2Cbc(hex('61a8a244adacccf0'), { key: hex('88'), iv, effectiveBits: 64 })).toBeUndefined();
});
