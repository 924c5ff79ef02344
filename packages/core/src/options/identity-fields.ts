import { describeKind } from './redact.ts';
import { count, flag } from './rows.ts';
import type { ParseResult } from './rows.ts';

/** One property of an identity. */
export interface IdentityField {
  readonly isRequired?: boolean;
  /** Whether an error may show the value. Set only for values that are not secret. */
  readonly isPublic?: boolean;
  readonly expected: string;
  readonly example?: string;
  readonly pattern?: RegExp;
  parse(value: unknown, field: IdentityField): ParseResult<unknown>;
}

function parseString(value: unknown, field: IdentityField): ParseResult<string | undefined> {
  const { isRequired, isPublic, expected, example, pattern = /\S/u } = field;
  if (value === undefined && isRequired !== true) return { value: undefined };
  const trimmed = typeof value === 'string' ? value.trim() : '';
  if (pattern.test(trimmed)) return { value: trimmed };
  const got = isPublic === true && value !== undefined ? describePublic(value) : undefined;
  return { issues: [{ expected, example, got }] };
}

/** Shows names and hosts. Any other string may be a secret that was pasted into the wrong property. */
function describePublic(value: unknown): string {
  const isPlain = typeof value === 'string' && value.length <= 100 && nameOrHost.test(value);
  return isPlain ? `"${value}"` : describeKind(value);
}

const nameOrHost = /^(?:acs:[\w:/.@-]+|https?:\/\/[a-z\d.:-]+\/?)$/iu;

export const secretString: IdentityField = { expected: 'a non-empty string', parse: parseString };

export const publicString: IdentityField = { ...secretString, isPublic: true };

export const flagField: IdentityField = {
  expected: 'true or false',
  parse: (value) => (value === undefined ? { value } : flag({ default: false }).parse(value)),
};

export const httpUrl: IdentityField = {
  isRequired: true,
  pattern: /^https?:\/\/\S+$/iu,
  expected: 'a URL that starts with http:// or https://',
  parse: parseString,
};

type Fields = readonly (readonly [string, IdentityField])[];

export const accessKeyFields: Fields = [
  ['accessKeyId', { ...secretString, isRequired: true }],
  ['accessKeySecret', { ...secretString, isRequired: true }],
];

// Formats and bounds are from the documentation of AssumeRole.
export const roleFields: Fields = [
  [
    'roleArn',
    {
      ...publicString,
      isRequired: true,
      pattern: /^acs:ram::\d+:role\/\S+$/u,
      expected: 'the ARN of a RAM role',
      example: 'acs:ram::1234567890123456:role/reader',
    },
  ],
  [
    'roleSessionName',
    {
      ...publicString,
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
      expected: 'a RAM policy in JSON',
      example: '{"Version":"1","Statement":[…]}',
      // STS rejects any other string with an error about its grammar only.
      parse: (value, field) => (value === undefined || isJsonObject(value) ? { value } : parseString('', field)),
    },
  ],
  [
    'durationSeconds',
    {
      expected: 'a number of seconds',
      parse: (value) =>
        value === undefined ? { value } : count({ default: 3_600, min: 900, max: 43_200 }).parse(value),
    },
  ],
  [
    'stsEndpoint',
    {
      ...publicString,
      expected: 'a host, with a port unless it is 443; only HTTPS is supported',
      example: 'sts.cn-hangzhou.aliyuncs.com',
      parse(value, field) {
        const host = typeof value === 'string' ? value.replace(/^https:\/\//iu, '').replace(/\/$/u, '') : value;
        return parseString(host, { ...field, pattern: /^(?:\[[\da-f:]+\]|[\da-z][\da-z.-]*)(?::\d{1,5})?$/iu });
      },
    },
  ],
  ['stsRegionId', { ...publicString, pattern: /^[\da-z-]+$/u, expected: 'a region id', example: 'cn-hangzhou' }],
  ['vpc', flagField],
];

function isJsonObject(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}
