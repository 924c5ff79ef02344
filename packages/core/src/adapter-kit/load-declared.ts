import type { PreloadOptions } from '../options/options.ts';
import type { Subscription } from '../secret/events.ts';
import type { MountOptions, SnapshotSource } from './snapshot.ts';

/** The part of a `SecretClient` that `loadDeclared` uses. */
export interface DeclaredSource extends Pick<SnapshotSource, 'getMany'> {
  preload(names: readonly string[], options?: PreloadOptions): Promise<Subscription>;
}

/**
 * Preloads the names of `preload` and validates those that have a schema: the check of an adapter at its start. Retries during an outage
 * of KMS, as `SecretClient.preload` does. The names stay fresh until the returned function is called.
 *
 * Rejects with `SecretSetError`, which names every secret that could not be read; with `SecretTypeError` if one does not match
 * its schema.
 */
export async function loadDeclared(
  source: DeclaredSource,
  { preload = [], schemas = new Map() }: Pick<MountOptions, 'preload' | 'schemas'>,
  { timeout }: Pick<PreloadOptions, 'timeout'> = {},
): Promise<Subscription> {
  const loaded = await source.preload(preload, { timeout });
  try {
    const secrets = await source.getMany(preload);
    for (const [name, schema] of schemas) secrets[name]?.json(schema);
    return loaded;
  } catch (error) {
    loaded();
    throw error;
  }
}
