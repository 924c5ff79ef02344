/** One `export NAME='value'` line a setting, safe to paste into any POSIX shell. */
export function exportLines(environment: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
}

/** Inside single quotes a shell reads everything as it stands, but for the single quote itself. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
