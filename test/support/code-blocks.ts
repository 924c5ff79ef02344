/**
 * A block of TypeScript in a document. A comment above it says how it is tested:
 *
 * - `<!-- given: declare function connect(password: string): void; -->`: declarations that the block needs and does not show
 * - `<!-- from: packages/fastify/src/index.ts -->`: it is a literal part of that file, and compiled there
 * - `<!-- run -->`: it is also run
 * - `<!-- not compiled: reason -->`
 */
export interface CodeBlock {
  readonly document: string;
  /** The line of the fence, counted from 1. */
  readonly line: number;
  readonly code: string;
  readonly given: string;
  readonly from: string | undefined;
  readonly isRun: boolean;
  readonly notCompiled: string | undefined;
}

export function codeBlocksIn(document: string, markdown: string): readonly CodeBlock[] {
  const blocks = markdown.matchAll(/(?:^<!--(?<comment>(?:(?!-->)[^])*)-->\n+)?^```ts\n(?<code>[^]*?)^```$/gmu);
  return Array.from(blocks, ({ index, groups }) => {
    const { comment = '', code = '' } = groups ?? {};
    const directive = (name: string): string | undefined =>
      new RegExp(`^\\s*${name}:\\s*([^]*?)\\s*$`, 'u').exec(comment)?.[1];
    const before = markdown.slice(0, markdown.indexOf('```ts', index)).split('\n');
    const block = {
      given: directive('given') ?? '',
      from: directive('from'),
      notCompiled: directive('not compiled'),
    };
    return { document, line: before.length, code, ...block, isRun: comment.trim() === 'run' };
  });
}

/** The block as a module. */
export function moduleOf({ code, given }: CodeBlock): string {
  return `${code}\n${given}\nexport {};\n`;
}

/** Whether `text` contains the lines of the block consecutively, regardless of indentation. */
export function isPartOf({ code }: CodeBlock, text: string): boolean {
  const normalized = (source: string): string =>
    source
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join('\n');
  return `\n${normalized(text)}\n`.includes(`\n${normalized(code)}\n`);
}
