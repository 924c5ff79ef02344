import { randomBytes } from 'node:crypto';

import { formatDate } from '../settable-clock.ts';

/** `Generic` secrets hold any value. KMS generates and rotates the values of the other types, in a fixed format. */
export type SecretType = 'Generic' | 'Rds' | 'Redis' | 'PolarDB' | 'RAMCredentials' | 'ECS';
export type ExtendedConfig = Readonly<Record<string, unknown>>;

/** Prefix of every generated value, so that a search finds leaked values in logs. */
const valuePrefix = 's3cret-';

export const secretTypes: readonly SecretType[] = ['Generic', 'Rds', 'Redis', 'PolarDB', 'RAMCredentials', 'ECS'];

/** The keys of a value, one list per allowed format. `Generic` has no fixed format. */
const valueFormats: Readonly<Record<SecretType, readonly (readonly string[])[]>> = {
  Generic: [],
  Rds: [['AccountName', 'AccountPassword']],
  Redis: [['AccountName', 'AccountPassword']],
  PolarDB: [['AccountName', 'AccountPassword']],
  RAMCredentials: [['AccessKeyId', 'AccessKeySecret', 'GenerateTimestamp']],
  ECS: [
    ['UserName', 'Password'],
    ['UserName', 'PublicKey', 'PrivateKey'],
  ],
};

const defaultSubTypes: ReadonlyMap<SecretType, string> = new Map([
  ['Rds', 'SingleUser'],
  ['Redis', 'DoubleUsers'],
  ['PolarDB', 'DoubleUsers'],
  ['RAMCredentials', 'RamUserAccessKey'],
  ['ECS', 'Password'],
]);

/** Throws if the value does not have the format of this type. The message names the expected keys, never the value. */
export function checkValueFormat(type: SecretType, value: string): void {
  const formats = valueFormats[type];
  const keys = Object.keys(stringFields(value)).toSorted().join();
  if (formats.length === 0 || formats.some((format) => [...format].toSorted().join() === keys)) return;
  const expected = formats.map((format) => format.join(', ')).join(' or ');
  throw new TypeError(`The value of a ${type} secret must be a JSON object of strings with the keys ${expected}.`);
}

/** The `ExtendedConfig` of a secret: the defaults of its type, overridden by the caller's keys. */
export function withDefaultConfig(
  type: SecretType,
  config: ExtendedConfig | undefined,
  value: string,
): ExtendedConfig | undefined {
  const subType = defaultSubTypes.get(type);
  if (subType === undefined) return undefined;
  const accountName = stringFields(value)['AccountName'];
  const hasAccounts = (type === 'Redis' || type === 'PolarDB') && accountName !== undefined;
  return {
    SecretSubType: subType,
    ...(hasAccounts && { AccountName: accountName, CloneAccountName: `${accountName}_clone` }),
    CustomData: {},
    ...config,
  };
}

export interface RotationInput {
  readonly type: SecretType;
  readonly config: ExtendedConfig | undefined;
  /** The value of ACSCurrent. */
  readonly current: string;
  /** The value of ACSPrevious, if there is one. */
  readonly previous: string | undefined;
  /** The time of the rotation, in milliseconds since 1970. */
  readonly at: number;
}

/** The value after a rotation, in the format that KMS generates for the type. */
export function rotatedValue({ type, config, current, previous, at }: RotationInput): string {
  const newValue = valuePrefix + randomBytes(16).toString('hex');
  const fields = stringFields(current);
  switch (type) {
    case 'Generic':
      return newValue;
    case 'Rds':
    case 'Redis':
    case 'PolarDB': {
      const isDoubleUsers = config?.['SecretSubType'] === 'DoubleUsers';
      return JSON.stringify({
        AccountName: isDoubleUsers ? nextAccountName(fields, previous, config) : fields['AccountName'],
        AccountPassword: newValue,
      });
    }
    case 'RAMCredentials':
      return JSON.stringify({
        AccessKeyId: `FakeAccessKeyId${randomBytes(6).toString('hex')}`,
        AccessKeySecret: newValue,
        GenerateTimestamp: formatDate(at),
      });
    case 'ECS':
      return JSON.stringify(
        fields['PublicKey'] === undefined
          ? { UserName: fields['UserName'], Password: newValue }
          : { UserName: fields['UserName'], PublicKey: `ssh-rsa ${newValue}`, PrivateKey: newValue },
      );
    default:
      throw new TypeError(`The fake KMS cannot rotate a secret of type ${String(type satisfies never)}.`);
  }
}

/**
 * With two users, a rotation changes the password of the account behind ACSPrevious and swaps the stages. The account
 * that was current keeps its password, so its clients keep working until the next rotation.
 */
function nextAccountName(
  current: StringFields,
  previous: string | undefined,
  config: ExtendedConfig | undefined,
): string {
  const previousAccount = previous === undefined ? undefined : stringFields(previous)['AccountName'];
  const clone = config?.['CloneAccountName'];
  return previousAccount ?? (typeof clone === 'string' ? clone : `${current['AccountName'] ?? ''}_clone`);
}

type StringFields = Readonly<Record<string, string>>;

/** The string fields of a JSON object. Empty for any other text. */
export function stringFields(value: string): StringFields {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return {};
    return Object.fromEntries(
      Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {};
  }
}
