/** Percent-encoding of the signatures: RFC 3986's unreserved characters stay, every other byte becomes `%XX`. */
export function percentEncode(text: string): string {
  // encodeURIComponent leaves these five unencoded. `!` occurs in the names of cloud products' secrets.
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Encoded `name=value` pairs, sorted by name and joined with `&`. */
export function canonicalQuery(parameters: ReadonlyMap<string, string>): string {
  return [...parameters]
    .toSorted(([first], [second]) => compareBytes(first, second))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
}

/** Orders by UTF-8 bytes. `<` compares UTF-16 units, which sorts emoji before some letters. */
export function compareBytes(first: string, second: string): number {
  return Buffer.compare(Buffer.from(first, 'utf8'), Buffer.from(second, 'utf8'));
}
