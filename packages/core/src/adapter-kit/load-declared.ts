import type { MountOptions, SnapshotSource } from './snapshot.ts';

/**
 * Reads the names of `preload` as one set and validates those that have a schema: the check of an adapter at its start.
 *
 * Rejects with `SecretSetError`, which names every secret that could not be read; with `SecretTypeError` if one does not match
 * its schema.
 */
export async function loadDeclared(
  source: Pick<SnapshotSource, 'getMany'>,
  { preload = [], schemas = new Map() }: Pick<MountOptions, 'preload' | 'schemas'>,
): Promise<void> {
  const secrets = await source.getMany(preload);
  for (const [name, schema] of schemas) secrets[name]?.json(schema);
}
