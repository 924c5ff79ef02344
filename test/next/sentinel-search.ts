import { readFile } from 'node:fs/promises';
import { filesIn } from './fixture-app.ts';

/** Every fake secret value contains this text. */
export const sentinel = 's3cret-';

interface SearchResult {
  readonly searched: number;
  /** Paths of the files that contain the text. */
  readonly found: readonly string[];
}

/** Searches every file below a directory for the value of a secret. */
export function searchForSecrets(directory: string): Promise<SearchResult> {
  return searchFiles(directory, sentinel);
}

/** Searches every file below a directory for a text. */
export async function searchFiles(directory: string, text: string): Promise<SearchResult> {
  const files = await filesIn(directory);
  const found: string[] = [];
  for (const file of files) if ((await readFile(file)).includes(text)) found.push(file);
  return { searched: files.length, found };
}
