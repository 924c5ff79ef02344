/** A line of docs/behaviour.md that a user can rely on: a list item, or a row of a table below its head. */
interface Promised {
  readonly line: number;
  readonly text: string;
  readonly proofs: readonly Proof[];
}

/** `[proof](../packages/core/src/client.test.ts#the words of a test)` */
interface Proof {
  readonly file: string;
  readonly test: string | undefined;
}

export function promisesIn(markdown: string): Promised[] {
  const lines = withoutFences(markdown.split('\n'));
  return lines.flatMap((text, index) => {
    const isItem = /^\s*[-*] /.test(text);
    const isRow = text.startsWith('|') && !isRule(text) && !isRule(lines[index + 1] ?? '');
    return isItem || isRow ? [{ line: index + 1, text: text.trim(), proofs: proofsIn(text) }] : [];
  });
}

/**
 * What is wrong between the promises and the tests, one sentence each.
 *
 * @param read - the text of a file, named from the root of the repository, or `undefined` if there is none.
 */
export function complaints(
  promises: readonly Promised[],
  { scenarios, read }: { scenarios: readonly string[]; read: (file: string) => string | undefined },
): string[] {
  const unproven = promises
    .filter(({ proofs }) => proofs.length === 0)
    .map(({ line, text }) => `line ${line} promises without a [proof](…): ${text}`);
  const broken = promises.flatMap(({ line, proofs }) =>
    proofs.flatMap(({ file, test }) => {
      const text = read(file);
      if (text === undefined) return [`line ${line} names a proof that is not there: ${file}`];
      if (test !== undefined && !text.includes(test))
        return [`line ${line} names a test that ${file} does not have: ${test}`];
      return [];
    }),
  );
  const proofs = new Set(promises.flatMap((promise) => promise.proofs.map(({ file }) => file)));
  const unnamed = scenarios
    .filter((file) => !proofs.has(file))
    .map((file) => `no line of docs/behaviour.md names ${file}`);
  return [...unproven, ...broken, ...unnamed];
}

function proofsIn(text: string): Proof[] {
  return [...text.matchAll(/\[[^\]]*\]\(\.\.\/([^)#]+)(?:#([^)]*))?\)/g)].map(([, file = '', test]) => ({
    file,
    test: test === undefined ? undefined : decodeURIComponent(test),
  }));
}

/** The line between the head of a table and its rows. */
function isRule(text: string): boolean {
  return /^\|[\s:|-]+\|$/.test(text.trim());
}

/** Blanks what stands between two ``` lines, so that line numbers stay. */
function withoutFences(lines: readonly string[]): string[] {
  let fenced = false;
  return lines.map((line) => {
    const isFence = line.startsWith('```');
    if (isFence) fenced = !fenced;
    return fenced || isFence ? '' : line;
  });
}
