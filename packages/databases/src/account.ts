import type { Secret } from '@kms-secrets/core';
import { AccountError } from './account-error.ts';

/** The properties of a JSON secret that hold a user name and a password. */
export interface AccountKeys {
  /** Default: `AccountName`, as KMS names it for RDS, PolarDB and Redis. */
  readonly user?: string | undefined;
  /** Default: `AccountPassword`. */
  readonly password?: string | undefined;
}

/** An account of a database, in one version of its secret. */
export interface Account {
  readonly versionId: string;
  readonly user: string;
  readonly password: string;
  /** From the extended configuration of the secret, if KMS manages the database. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly database: string | undefined;
}

/** Where a database is. */
export type Server = Pick<Account, 'host' | 'port' | 'database'>;

/** The options of a pool take precedence over what KMS has for the secret. */
export function serverFor(options: Partial<Server>, account: Account): Server {
  return {
    host: options.host ?? account.host,
    port: options.port ?? account.port,
    database: options.database ?? account.database,
  };
}

/** Sets the account and the server in the options of a connection, which are no others' options. */
export function setAccount(connection: object, account: Account, options: Partial<Server>): void {
  const server = Object.entries(serverFor(options, account)).filter(([, value]) => value !== undefined);
  Object.assign(connection, Object.fromEntries(server), { user: account.user });
  // Not enumerable, so that an inspected connection does not show it.
  Object.defineProperty(connection, 'password', { value: account.password, enumerable: false, writable: true });
}

/** Reads an account from a secret. Throws `AccountError` for a secret that has none; the message contains nothing of its value. */
export function accountOf(secret: Secret, keys: AccountKeys): Account {
  const { user: userKey = 'AccountName', password: passwordKey = 'AccountPassword' } = keys;
  const { [userKey]: user, [passwordKey]: password } = fieldsOf(secret);
  if (isText(user) && isText(password)) return { versionId: secret.versionId, user, password, ...serverOf(secret) };
  throw new AccountError(
    `Secret "${secret.name}" (version ${secret.versionId}) holds no database account: expected a JSON object with the texts "${userKey}" and "${passwordKey}". Name other properties in the option keys.`,
    { secretName: secret.name },
  );
}

/** The fields of a JSON object; none of anything else. */
function fieldsOf(secret: Secret): Readonly<Record<string, unknown>> {
  try {
    return objectOf(secret.json());
  } catch {
    return {}; // binary, or no JSON
  }
}

/** `ExtendedConfig.CustomData` of a secret whose database KMS manages: `{ Endpoint, Port, DBName }`. */
function serverOf({ extendedConfig }: Secret): Server {
  const data = extendedConfig?.['CustomData'];
  const { Endpoint, Port, DBName } = objectOf(typeof data === 'string' ? parsed(data) : data);
  const port = Number(Port);
  return {
    host: isText(Endpoint) ? Endpoint : undefined,
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined,
    database: isText(DBName) ? DBName : undefined,
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
