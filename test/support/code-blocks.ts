/**
 * A block of TypeScript in a document, and what the comment above it says of it:
 *
 * - `<!-- given: declare function connect(password: string): void; -->`: what the reader has, and the block does not show
 * - `<!-- from: packages/fastify/src/index.ts -->`: it stands in that file, word for word, and is compiled there
 * - `<!-- run -->`: it is run as well
 * - `<!-- not compiled: why -->`
 */
export interface CodeBlock {
  readonly document: string;
  /** Of the fence, counted from 1. */
  readonly line: number;
  readonly code: string;
  readonly given: string;
  readonly from: string | undefined;
  readonly isRun: boolean;
  readonly notCompiled: string | undefined;
}

export function codeBlocksIn(document: string, markdown: string): readonly CodeBlock[] {
  const blocks = markdown.matchAll(/(?:^<!--(?<words>(?:(?!-->)[^])*)-->\n+)?^```ts\n(?<code>[^]*?)^```$/gmu);
  return Array.from(blocks, ({ index, groups }) => {
    const { words = '', code = '' } = groups ?? {};
    const said = (word: string): string | undefined =>
      new RegExp(`^\\s*${word}:\\s*([^]*?)\\s*$`, 'u').exec(words)?.[1];
    const before = markdown.slice(0, markdown.indexOf('```ts', index)).split('\n');
    const block = { given: said('given') ?? '', from: said('from'), notCompiled: said('not compiled') };
    return { document, line: before.length, code, ...block, isRun: words.trim() === 'run' };
  });
}

/** The block as a module of its own. */
export function moduleOf({ code, given }: CodeBlock): string {
  return `${code}\n${given}\nexport {};\n`;
}

/** Whether `text` has every line of the block, one after the other; how far they are indented may differ. */
export function standsIn({ code }: CodeBlock, text: string): boolean {
  const lines = (written: string): string =>
    written
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join('\n');
  return `\n${lines(text)}\n`.includes(`\n${lines(code)}\n`);
}
