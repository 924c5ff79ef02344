import { randomBytes } from 'node:crypto';

import { formatDate } from '../settable-clock.ts';

/** `Generic` belongs to its user; KMS itself makes and rotates the values of the others, and fixes their format. */
export type SecretType = 'Generic' | 'Rds' | 'Redis' | 'PolarDB' | 'RAMCredentials' | 'ECS';
export type ExtendedConfig = Readonly<Record<string, unknown>>;

/** Text first in every value the fake makes up, so that a search through logs finds it. */
const sentinel = 's3cret-';

export const secretTypes: readonly SecretType[] = ['Generic', 'Rds', 'Redis', 'PolarDB', 'RAMCredentials', 'ECS'];

/** The keys a value must hold, one list for each allowed form. `Generic` may be anything. */
const valueForms: Readonly<Record<SecretType, readonly (readonly string[])[]>> = {
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

/** Throws if the value has not the form KMS gives this type; says the keys that are expected, never the value. */
export function checkValueForm(type: SecretType, value: string): void {
  const forms = valueForms[type];
  const keys = Object.keys(asFields(value)).toSorted().join();
  if (forms.length === 0 || forms.some((form) => [...form].toSorted().join() === keys)) return;
  const expected = forms.map((form) => form.join(', ')).join(' or ');
  throw new TypeError(`The value of a ${type} secret is a JSON object of texts with just ${expected}.`);
}

/** What FetchExtendedConfig shows: the caller's keys over the ones every secret of that type has. */
export function completeConfig(
  type: SecretType,
  given: ExtendedConfig | undefined,
  value: string,
): ExtendedConfig | undefined {
  const subType = defaultSubTypes.get(type);
  if (subType === undefined) return undefined;
  const accountName = asFields(value)['AccountName'];
  const accounts =
    accountName === undefined ? {} : { AccountName: accountName, CloneAccountName: `${accountName}_clone` };
  return {
    SecretSubType: subType,
    ...(type === 'Redis' || type === 'PolarDB' ? accounts : {}),
    CustomData: {},
    ...given,
  };
}

export interface Rotation {
  readonly type: SecretType;
  readonly config: ExtendedConfig | undefined;
  /** The value of ACSCurrent. */
  readonly current: string;
  /** The value of ACSPrevious, once there is one. */
  readonly previous: string | undefined;
  /** When it happens, in milliseconds. */
  readonly at: number;
}

/** The value after a rotation, made as KMS makes it for that type. */
export function rotatedValue({ type, config, current, previous, at }: Rotation): string {
  const fresh = sentinel + randomBytes(16).toString('hex');
  const now = asFields(current);
  switch (type) {
    case 'Generic':
      return fresh;
    case 'Rds':
    case 'Redis':
    case 'PolarDB': {
      const isDouble = config?.['SecretSubType'] === 'DoubleUsers';
      return JSON.stringify({
        AccountName: isDouble ? otherAccount(now, previous, config) : now['AccountName'],
        AccountPassword: fresh,
      });
    }
    case 'RAMCredentials':
      return JSON.stringify({
        AccessKeyId: `FakeAccessKeyId${randomBytes(6).toString('hex')}`,
        AccessKeySecret: fresh,
        GenerateTimestamp: formatDate(at),
      });
    case 'ECS':
      return JSON.stringify(
        now['PublicKey'] === undefined
          ? { UserName: now['UserName'], Password: fresh }
          : { UserName: now['UserName'], PublicKey: `ssh-rsa ${fresh}`, PrivateKey: fresh },
      );
    default:
      throw new TypeError(`No rotation is known for ${String(type satisfies never)}.`);
  }
}

/**
 * With two users it is the account behind ACSPrevious that gets a new password; then the labels swap. The account that
 * was current keeps its password, so whoever still holds it can work until the next rotation.
 */
function otherAccount(now: Fields, previous: string | undefined, config: ExtendedConfig | undefined): string {
  const behindPrevious = previous === undefined ? undefined : asFields(previous)['AccountName'];
  const clone = config?.['CloneAccountName'];
  return behindPrevious ?? (typeof clone === 'string' ? clone : `${now['AccountName'] ?? ''}_clone`);
}

type Fields = Readonly<Record<string, string>>;

/** The texts of a JSON object; nothing at all for anything else. */
function asFields(value: string): Fields {
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
