import type { ParseIssue, ParseResult } from './rows.ts';

/** The client key: the file from the KMS console, or its content. */
type ClientKeyLocation =
  | { readonly clientKeyFile: string; readonly clientKeyContent?: undefined }
  | { readonly clientKeyContent: string; readonly clientKeyFile?: undefined };

/** The password of the client key: at most one source. Without one, the variable `client_key_password` is read. */
type PasswordLocation =
  | {
      readonly password?: string | undefined;
      readonly passwordFromFilePath?: undefined;
      readonly passwordFromEnvVariable?: undefined;
    }
  | {
      readonly passwordFromFilePath: string;
      readonly password?: undefined;
      readonly passwordFromEnvVariable?: undefined;
    }
  | {
      readonly passwordFromEnvVariable: string;
      readonly password?: undefined;
      readonly passwordFromFilePath?: undefined;
    };

/**
 * The sources of a client key and its password. `clientKeyContent` and `password` are secrets: never log a value of this type.
 *
 * Files are read again if KMS rejects the key, and at most every ten seconds before a request, so that a key can be replaced without
 * a restart.
 */
export type ClientKeySource = ClientKeyLocation & PasswordLocation;

export const clientKeyProperties: readonly string[] = ['clientKeyFile', 'clientKeyContent'];
export const passwordProperties: readonly string[] = ['password', 'passwordFromFilePath', 'passwordFromEnvVariable'];

/** Reads the client key properties among `fields`. Issues contain no value. */
export function parseClientKeySource(fields: ReadonlyMap<string, unknown>, at: string): ParseResult<ClientKeySource> {
  const issues: ParseIssue[] = [];
  const source: Record<string, string> = {};
  for (const key of [...clientKeyProperties, ...passwordProperties]) {
    const value = fields.get(key);
    // The official clients treat an empty string as not set.
    if (value === undefined || value === '') continue;
    if (typeof value === 'string' && value.trim() !== '') source[key] = value.trim();
    else issues.push({ at: `${at}.${key}`, expected: 'a non-empty string' });
  }
  const keys = clientKeyProperties.filter((key) => key in source);
  const passwords = passwordProperties.filter((key) => key in source);
  if (keys.length === 0 && issues.length === 0) {
    issues.push({ at: `${at}.clientKeyFile`, expected: 'the path of a client key file, or clientKeyContent' });
  }
  for (const exclusive of [keys, passwords]) {
    const [, second] = exclusive;
    if (second !== undefined) issues.push({ at: `${at}.${second}`, expected: `only one of ${exclusive.join(', ')}` });
  }
  return issues.length > 0 ? { issues } : { value: source as unknown as ClientKeySource }; // counted above
}
