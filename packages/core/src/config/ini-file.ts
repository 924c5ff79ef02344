/** A section of an INI file: the line of its header, counted from 1, and its values. */
export interface IniSection {
  readonly line: number;
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Parses an INI file. Unlike the parser of `@alicloud/credentials`, it knows lines, and accepts a comment behind the name of a
 * section, which the documentation of the library shows. An empty value counts as not set.
 */
export function parseIni(text: string): ReadonlyMap<string, IniSection> {
  const sections = new Map<string, { readonly line: number; readonly values: Map<string, string> }>();
  let values = new Map<string, string>();
  for (const [index, line] of text.split(/\r\n|\r|\n/u).entries()) {
    const name = /^\s*\[(?<name>[^\]]*)\]\s*(?:[#;].*)?$/u.exec(line)?.groups?.['name']?.trim();
    if (name !== undefined) {
      const section = sections.get(name) ?? { line: index + 1, values: new Map<string, string>() };
      sections.set(name, section);
      values = section.values;
      continue;
    }
    const { key = '', value = '' } = /^\s*(?<key>[^#;=\s][^=]*)=(?<value>.*)$/u.exec(line)?.groups ?? {};
    const plain = plainValue(value.trim());
    if (plain !== '') values.set(key.trim(), plain);
  }
  return sections;
}

/** Removes quotes, or a comment: it begins with `#` or `;` unless a backslash precedes them. */
function plainValue(value: string): string {
  const quoted = /^(?<quote>["'])(?<inner>.*)\k<quote>\s*(?:[#;].*)?$/u.exec(value)?.groups?.['inner'];
  if (quoted !== undefined) return quoted;
  return value
    .replace(/(?<!\\)[#;].*$/u, '')
    .replaceAll(/\\(?=[#;])/gu, '')
    .trim();
}
