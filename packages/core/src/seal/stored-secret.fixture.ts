import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecretStore, StoredSecret, StoreEvent } from '../ports/store.ts';

/** Keys as users give them: text of 32 bytes. */
export const [firstKey, secondKey] = ['one', 'two'].map((seed) =>
  Buffer.from(seed.repeat(32).slice(0, 32)).toString('base64'),
) as [string, string]; // as many as there are words

/** The path of a folder that is not there yet; it goes with the test. */
export async function freshPath(): Promise<string> {
  const { onTestFinished } = await import('vitest');
  const directory = await mkdtemp(join(tmpdir(), 'file-store-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'secrets');
}

export function stored(fields: Partial<StoredSecret> = {}): StoredSecret {
  return {
    name: 'db',
    versionId: 'v1',
    stages: ['ACSCurrent'],
    type: 'Generic',
    dataType: 'text',
    value: 's3cret-one',
    createdAt: 1_767_323_045_000,
    fetchedAt: 1_767_323_046_000,
    ...fields,
  };
}

/** What a store tells, line by line as it comes. */
export function newsOf(store: SecretStore): StoreEvent[] {
  const news: StoreEvent[] = [];
  store.subscribe?.((item) => news.push(item));
  return news;
}

/** The version that is kept: a failing test prints that, and no value. */
export async function versionIn(
  store: SecretStore,
  request: string | { name: string; stage?: string },
): Promise<unknown> {
  const found = await store.read(typeof request === 'string' ? { name: request } : request);
  return found?.versionId;
}

/** Puts bytes into the folder of a store, past the store. */
export async function writeRaw(path: string, file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(join(path, file), bytes, { mode: 0o600 });
}
