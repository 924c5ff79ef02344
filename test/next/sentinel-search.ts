import { readFile } from 'node:fs/promises';
import { filesIn } from './fixture-app.ts';

/** Every fake secret's value contains it. */
export const sentinel = 's3cret-';

/** How many files below a directory were looked through, and which hold the value of a secret. */
export async function searchForSecrets(
  directory: string,
): Promise<{ readonly looked: number; readonly found: string[] }> {
  const files = await filesIn(directory);
  const found: string[] = [];
  for (const file of files) if ((await readFile(file)).includes(sentinel)) found.push(file);
  return { looked: files.length, found };
}
