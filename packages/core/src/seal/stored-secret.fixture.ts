import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecretStore, StoredSecret, StoreEvent } from '../ports/store.ts';

/** Two keys as base64 text. */
export const [firstKey, secondKey] = ['one', 'two'].map((seed) =>
  Buffer.from(seed.repeat(32).slice(0, 32)).toString('base64'),
) as [string, string]; // one per seed

/** A path at which no folder exists yet. Deleted after the test. */
export async function freshPath(): Promise<string> {
  const { onTestFinished } = await import('vitest');
  const directory = await mkdtemp(join(tmpdir(), 'file-store-'));
  // Retries: a store that is still open may add a file.
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));
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

/** The events of a store, as they arrive. */
export function eventsOf(store: SecretStore): StoreEvent[] {
  const events: StoreEvent[] = [];
  store.subscribe?.((event) => events.push(event));
  return events;
}

/** The stored version, so that a failing test prints no value. */
export async function versionIn(
  store: SecretStore,
  request: string | { name: string; stage?: string },
): Promise<unknown> {
  const found = await store.read(typeof request === 'string' ? { name: request } : request);
  return found?.versionId;
}

/** Writes a file into a store's folder without the store. */
export async function writeRaw(path: string, file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(join(path, file), bytes, { mode: 0o600 });
}

/** The key of the golden vectors, and the sealing key that is derived from it, both as hex. */
export const goldenKey = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
export const goldenSealKey = 'a3c0fd1f8b0ee1a215b858981223e1204ab461d1d9914276f5a1793fc14e8cd2';

/** Decrypts what `goldenKey` sealed. Follows docs/store-format.md and shares no code with the package. */
export function openRaw(sealed: Buffer, associatedData: string): string {
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(goldenSealKey, 'hex'), sealed.subarray(18, 30));
  decipher.setAAD(Buffer.concat([sealed.subarray(0, 30), Buffer.from(associatedData)]));
  decipher.setAuthTag(sealed.subarray(-16));
  return decipher.update(sealed.subarray(30, -16), undefined, 'utf8') + decipher.final('utf8');
}

export interface RawContent {
  /** As hex or base64. */
  readonly key: string;
  readonly version?: number;
  readonly kind: 'secret' | 'message';
  readonly text: string;
  readonly timestamp?: number;
  readonly associatedData: string | Buffer;
}

/** Seals any text, such as one of a later version. Follows docs/store-format.md and shares no code with the package. */
export function sealRaw({ version = 1, kind, text, timestamp = 1_767_323_046_000, ...rest }: RawContent): Buffer {
  const key = Buffer.from(rest.key, rest.key.length === 64 ? 'hex' : 'base64');
  const derive = (purpose: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', key, '', `kms-secrets ${purpose} 1`, length));
  const head = Buffer.concat([Buffer.of(version, kind === 'secret' ? 1 : 2), derive('key id', 8), Buffer.alloc(8)]);
  head.writeDoubleBE(timestamp, 10);
  const header = Buffer.concat([head, randomBytes(12)]);
  const cipher = createCipheriv('aes-256-gcm', derive('seal', 32), header.subarray(18));
  const { associatedData } = rest;
  const bytes = typeof associatedData === 'string' ? Buffer.from(associatedData) : associatedData;
  cipher.setAAD(Buffer.concat([header, bytes]));
  return Buffer.concat([header, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}
