/** The code of an access key that was deleted or disabled, at OpenAPI and OSS; the name of the error, at MNS. */
const codes = /^(?:MNS)?InvalidAccessKeyId(?:$|\.|Error$)/u;

/** The Log Service and Tablestore report it with a code that other faults share. The SDK of Tablestore has that in its message. */
const sharedCodes = /^(?:Unauthorized|AccessDenied)$|OTSAuthFailed/u;
const messages = /access ?key ?id\b.*(?:not found|not exist|disabled|inactive|invalid)/iu;

/** Whether a call failed because its access key is no longer valid. */
export function isInvalidAccessKey(error: unknown): boolean {
  const [code, name, message] = textsOf(error, ['code', 'name', 'message']);
  if (codes.test(code) || codes.test(name)) return true;
  return messages.test(message) && (sharedCodes.test(code) || sharedCodes.test(message));
}

/** Not every SDK throws what is an error to `isError`: the name of an error of Tablestore is a number. */
function textsOf<const Keys extends readonly string[]>(
  value: unknown,
  keys: Keys,
): { readonly [Index in keyof Keys]: string } {
  const fields: Readonly<Record<string, unknown>> = Object(value);
  const texts = keys.map((key) => {
    const field = fields[key];
    return typeof field === 'string' ? field : '';
  });
  return texts as { readonly [Index in keyof Keys]: string }; // one text for each key
}
