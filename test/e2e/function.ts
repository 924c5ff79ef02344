import { createSecretClient } from '@kms-secrets/core';
import type { Credentials, SecretClient } from '@kms-secrets/core';

/** What this function uses of the context of Function Compute. */
interface Context {
  readonly credentials: Credentials;
}

let newest: Credentials;
let secrets: SecretClient;

/** Runs once per instance, before the first call. */
export async function initialize(context: Context): Promise<void> {
  newest = context.credentials;
  // The endpoint is in the variable cache_client_region_id. The function is called before each request to KMS.
  secrets = createSecretClient({ credentials: () => newest, ttl: '15m', preload: ['prod/db'] });
  await secrets.ready();
}

export async function handler(_event: unknown, context: Context): Promise<string> {
  newest = context.credentials; // those of an earlier call may have expired
  const db = await secrets.get('prod/db'); // after a freeze, it waits for the current version
  return JSON.stringify({ version: db.versionId, stale: db.stale });
}

/** Runs before the instance is stopped. */
export async function preStop(): Promise<void> {
  await secrets.close();
}
