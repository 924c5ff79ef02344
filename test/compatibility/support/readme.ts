import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const packages = join(import.meta.dirname, '../../../packages');

/**
 * The code blocks of a section of a package's README, without their fences, for example those of `Bundlers`. Tests follow them
 * as users do, so that a wrong README fails.
 */
function readmeBlocks(packageName: string, section: string): readonly string[] {
  const body = readmeSection(packageName, section);
  return Array.from(body.matchAll(/^```\w*\n(?<code>[^]*?)^```$/gmu), ({ groups }) => groups?.['code'] ?? '');
}

/** The text of a section of a package's README. */
export function readmeSection(packageName: string, section: string): string {
  const text = readFileSync(join(packages, packageName, 'README.md'), 'utf8');
  const body = text.split(/^## /mu).find((part) => part.startsWith(`${section}\n`));
  if (body === undefined) throw new Error(`The README of ${packageName} has no section "${section}".`);
  return body;
}

/** The only block that contains `text`. */
export function readmeBlock(packageName: string, section: string, text: string): string {
  const [block, ...others] = readmeBlocks(packageName, section).filter((code) => code.includes(text));
  if (block === undefined || others.length > 0)
    throw new Error(`The README of ${packageName} must have one block with ${text} in "${section}".`);
  return block;
}

/** The block of a package's README that begins with a comment with this path, such as `// app/page.tsx`. */
export function readmeFile(packageName: string, path: string): string {
  return fileIn(`packages/${packageName}/README.md`, path);
}

/** The same of any document, by its path from the root of the repository. */
export function fileIn(document: string, path: string): string {
  const text = readFileSync(join(packages, '..', document), 'utf8');
  const blocks = Array.from(text.matchAll(/^```\w*\n(?<code>[^]*?)^```$/gmu), ({ groups }) => groups?.['code'] ?? '');
  const block = blocks.find((code) => code.startsWith(`// ${path}`));
  if (block === undefined) throw new Error(`${document} has no block that begins with "// ${path}".`);
  return block;
}
