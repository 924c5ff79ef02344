import type { ParseIssue } from './rows.ts';

/** The client key itself: the file that the console of KMS hands out, or the text in it. */
type ClientKeyLocation =
  | { readonly clientKeyFile: string; readonly clientKeyContent?: undefined }
  | { readonly clientKeyContent: string; readonly clientKeyFile?: undefined };

/** One place for its password, or none: then the variable `client_key_password` is read. */
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
 * Where a client key and its password come from. `clientKeyContent` and `password` are secrets: never log a value of
 * this type.
 */
export type ClientKeySource = ClientKeyLocation & PasswordLocation;

export const clientKeyProperties: readonly string[] = ['clientKeyFile', 'clientKeyContent'];
export const passwordProperties: readonly string[] = ['password', 'passwordFromFilePath', 'passwordFromEnvVariable'];

/** The client key that `fields` name, or what is wrong with it; nothing of a value shows. */
export function parseClientKeySource(
  fields: ReadonlyMap<string, unknown>,
  at: string,
): { readonly value: ClientKeySource } | { readonly issues: readonly ParseIssue[] } {
  const issues: ParseIssue[] = [];
  const texts: Record<string, string> = {};
  for (const key of [...clientKeyProperties, ...passwordProperties]) {
    const value = fields.get(key);
    // An empty text is as good as not set, as in the files of the official clients.
    if (value === undefined || value === '') continue;
    if (typeof value === 'string' && value.trim() !== '') texts[key] = value.trim();
    else issues.push({ at: `${at}.${key}`, expected: 'a text that is not empty' });
  }
  const keys = clientKeyProperties.filter((key) => key in texts);
  const passwords = passwordProperties.filter((key) => key in texts);
  if (keys.length === 0 && issues.length === 0) {
    issues.push({ at: `${at}.clientKeyFile`, expected: 'the path of a client key file, or clientKeyContent' });
  }
  for (const several of [keys, passwords]) {
    if (several.length < 2) continue;
    issues.push({ at: `${at}.${several[1]}`, expected: `one of ${several.join(', ')}, not ${several.length}` });
  }
  return issues.length > 0 ? { issues } : { value: texts as unknown as ClientKeySource }; // one of each has just been counted
}
