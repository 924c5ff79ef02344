import { readFile } from 'node:fs/promises';
import { filesIn } from './fixture-app.ts';

/** Every fake secret value contains this text. */
export const sentinel = 's3cret-';

/** Searches every file below a directory for the value of a secret. */
export async function searchForSecrets(
  directory: string,
): Promise<{ readonly searched: number; readonly found: readonly string[] }> {
  const files = await filesIn(directory);
  const found: string[] = [];
  for (const file of files) if ((await readFile(file)).includes(sentinel)) found.push(file);
  return { searched: files.length, found };
}
