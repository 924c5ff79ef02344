/** The encoding both signatures are made over: RFC 3986's unreserved characters stay, every other byte becomes `%XX`. */
export function percentEncode(text: string): string {
  // encodeURIComponent leaves these five alone, and names of cloud products' secrets do hold `!`.
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `name=value` pairs, encoded, sorted by name and joined with `&`. */
export function canonicalQuery(parameters: ReadonlyMap<string, string>): string {
  return [...parameters]
    .toSorted(([one], [other]) => compareBytes(one, other))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
}

/** Order by bytes: `<` on texts compares UTF-16 units, which puts an emoji before some letters. */
export function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one, 'utf8'), Buffer.from(other, 'utf8'));
}
