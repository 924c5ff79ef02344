import type { ParseResult } from './rows.ts';
import { count, flag } from './rows.ts';
import { describeKind } from './redact.ts';

/** One thing that an identity is told. */
export interface IdentityField {
  readonly isNeeded?: boolean;
  /** Whether a mistake may show the value: only where it cannot be a secret. */
  readonly isOpen?: boolean;
  readonly expected: string;
  readonly example?: string;
  readonly pattern?: RegExp;
  read(value: unknown, field: IdentityField): ParseResult<unknown>;
}

function readText(value: unknown, field: IdentityField): ParseResult<string | undefined> {
  const { isNeeded, isOpen, expected, example, pattern = /\S/u } = field;
  if (value === undefined && isNeeded !== true) return { value: undefined };
  const text = typeof value === 'string' ? value.trim() : '';
  if (pattern.test(text)) return { value: text };
  const got = isOpen === true && value !== undefined ? shown(value) : undefined;
  return { issues: [{ expected, example, got }] };
}

/** Names and hosts as they are; whatever else got there may be a secret that was pasted to the wrong place. */
function shown(value: unknown): string {
  const isPlain = typeof value === 'string' && value.length <= 100 && plain.test(value);
  return isPlain ? `'${value}'` : describeKind(value);
}

const plain = /^(?:acs:[\w:/.@-]+|https?:\/\/[a-z\d.:-]+\/?)$/iu;

export const secretText: IdentityField = { expected: 'a text that is not empty', read: readText };

export const openText: IdentityField = { ...secretText, isOpen: true };

export const flagField: IdentityField = {
  expected: 'true or false',
  read: (value) => (value === undefined ? { value } : flag({ default: false }).parse(value)),
};

export const webAddress: IdentityField = {
  isNeeded: true,
  pattern: /^https?:\/\/\S+$/iu,
  expected: 'an address that begins with http:// or https://',
  read: readText,
};

type Fields = readonly (readonly [string, IdentityField])[];

export const keyPair: Fields = [
  ['accessKeyId', { ...secretText, isNeeded: true }],
  ['accessKeySecret', { ...secretText, isNeeded: true }],
];

// Forms and bounds: the page of AssumeRole in the documentation of STS.
export const roleFields: Fields = [
  [
    'roleArn',
    {
      ...openText,
      isNeeded: true,
      pattern: /^acs:ram::\d+:role\/\S+$/u,
      expected: 'the ARN of a RAM role',
      example: 'acs:ram::1234567890123456:role/reader',
    },
  ],
  [
    'roleSessionName',
    {
      ...openText,
      pattern: /^[\w.@-]{2,64}$/u,
      expected: '2 to 64 letters, digits and . @ - _',
      example: 'my-service',
    },
  ],
];

export const stsFields: Fields = [
  [
    'policy',
    {
      expected: 'a RAM policy as JSON text',
      example: '{"Version":"1","Statement":[…]}',
      read: (value, field) => (value === undefined || isJsonObject(value) ? { value } : readText('', field)),
    },
  ],
  [
    'durationSeconds',
    {
      expected: 'a number of seconds',
      read: (value) =>
        value === undefined ? { value } : count({ default: 3_600, min: 900, max: 43_200 }).parse(value),
    },
  ],
  [
    'stsEndpoint',
    {
      ...openText,
      expected: 'a host, with a port if it is not 443; it is always asked by HTTPS',
      example: 'sts.cn-hangzhou.aliyuncs.com',
      read(value, field) {
        const text = typeof value === 'string' ? value.replace(/^https:\/\//iu, '').replace(/\/$/u, '') : value;
        return readText(text, { ...field, pattern: /^(?:\[[\da-f:]+\]|[\da-z][\da-z.-]*)(?::\d{1,5})?$/iu });
      },
    },
  ],
  ['stsRegionId', { ...openText, pattern: /^[\da-z-]+$/u, expected: 'a region id', example: 'cn-hangzhou' }],
  ['vpc', flagField],
];

/** STS refuses anything else, and says no more than that the grammar is wrong. */
function isJsonObject(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}
