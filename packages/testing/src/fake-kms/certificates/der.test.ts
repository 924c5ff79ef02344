import { expect, test } from 'vitest';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

const hex = (element: Buffer): string => element.toString('hex');

test.each([
  [0, '0400'],
  [0x7f, '047f'],
  [0x80, '048180'],
  [0xff, '0481ff'],
  [0x100, '04820100'],
  [0x1234, '04821234'],
])('encodes a length of %i in as few bytes as possible', (length, header) => {
  expect(hex(octetString(Buffer.alloc(length))).slice(0, header.length)).toBe(header);
});

test.each([
  ['00', '020100'],
  ['0000', '020100'],
  ['7f', '02017f'],
  ['80', '02020080'],
  ['0001', '020101'],
])('encodes the integer %s without redundant zeros, and as not negative', (bytes, encoded) => {
  expect(hex(integer(Buffer.from(bytes, 'hex')))).toBe(encoded);
});

test.each([
  ['2.5.29.17', '0603551d11'],
  ['1.2.840.113549.1.1.11', '06092a864886f70d01010b'],
])('encodes the object identifier %s', (dotted, encoded) => {
  expect(hex(objectIdentifier(dotted))).toBe(encoded);
});

test('dates have two digits of the year before 2050, and four from then on', () => {
  expect(
    time(Date.UTC(2049, 11, 31, 23, 59, 59))
      .subarray(2)
      .toString(),
  ).toBe('491231235959Z');
  expect(
    time(Date.UTC(2050, 0, 1))
      .subarray(2)
      .toString(),
  ).toBe('20500101000000Z');
  expect([time(Date.UTC(2049, 0, 1))[0], time(Date.UTC(2050, 0, 1))[0]]).toEqual([0x17, 0x18]);
});

test('encodes the other types', () => {
  expect(hex(sequence(boolean(true), boolean(false), nullValue()))).toBe('30080101ff0101000500');
  expect(hex(set(utf8String('ä')))).toBe('31040c02c3a4');
  expect(hex(explicit(3, nullValue()))).toBe('a3020500');
  expect(hex(implicit(2, Buffer.from('ab')))).toBe('82026162');
  expect([hex(bitString(Buffer.from([0xa0]), 5)), hex(bitString(Buffer.from([1])))]).toEqual(['030205a0', '03020001']);
});
