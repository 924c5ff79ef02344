/** A promise to users in docs/behaviour.md: a list item or a table row. */
interface DocumentedPromise {
  readonly line: number;
  readonly text: string;
  readonly proofs: readonly Proof[];
}

/** A link such as `[proof](../packages/core/src/client/client.test.ts#words%20of%20a%20test%20title)`. */
interface Proof {
  readonly file: string;
  readonly test: string | undefined;
}

export function promisesIn(markdown: string): DocumentedPromise[] {
  const lines = withoutCodeBlocks(markdown.split('\n'));
  return lines.flatMap((text, index) => {
    const isItem = /^\s*[-*] /.test(text);
    const isRow = text.startsWith('|') && !isDelimiterRow(text) && !isDelimiterRow(lines[index + 1] ?? '');
    return isItem || isRow ? [{ line: index + 1, text: text.trim(), proofs: proofsIn(text) }] : [];
  });
}

/**
 * Compares the promises with the tests that prove them. Returns one sentence for each problem.
 *
 * @param read - returns the text of a file, or `undefined` if it does not exist. Paths start at the repository's root.
 */
export function problemsIn(
  promises: readonly DocumentedPromise[],
  { scenarios, read }: { scenarios: readonly string[]; read: (file: string) => string | undefined },
): string[] {
  const unproven = promises
    .filter(({ proofs }) => proofs.length === 0)
    .map(({ line, text }) => `line ${line}: promise without a [proof](…) link: ${text}`);
  const broken = promises.flatMap(({ line, proofs }) =>
    proofs.flatMap(({ file, test }) => {
      const text = read(file);
      if (text === undefined) return [`line ${line}: no such file: ${file}`];
      if (test !== undefined && !text.includes(test))
        return [`line ${line}: ${file} does not contain the test "${test}"`];
      return [];
    }),
  );
  const proofs = new Set(promises.flatMap((promise) => promise.proofs.map(({ file }) => file)));
  const unused = scenarios
    .filter((file) => !proofs.has(file))
    .map((file) => `${file}: no promise in docs/behaviour.md links to this scenario`);
  return [...unproven, ...broken, ...unused];
}

function proofsIn(text: string): Proof[] {
  return [...text.matchAll(/\[[^\]]*\]\(\.\.\/([^)#]+)(?:#([^)]*))?\)/g)].map(([, file = '', test]) => ({
    file,
    test: test === undefined ? undefined : decodeURIComponent(test),
  }));
}

/** Whether this is the delimiter row of a table, `| --- | --- |`. */
function isDelimiterRow(text: string): boolean {
  return /^\|[\s:|-]+\|$/.test(text.trim());
}

/** Blanks fenced code blocks and keeps the line numbers. */
function withoutCodeBlocks(lines: readonly string[]): string[] {
  let isInBlock = false;
  return lines.map((line) => {
    const isFence = line.startsWith('```');
    if (isFence) isInBlock = !isInBlock;
    return isInBlock || isFence ? '' : line;
  });
}
