import { join } from 'node:path';
import type { SecretClient } from '@kms-secrets/egg';
import { startEgg } from 'egg';
import type { Application } from 'egg';

/** What `app.js` reads from the options of Egg. */
export interface AppOptions {
  readonly client: SecretClient;
  readonly isStopping: () => boolean;
}

/**
 * Five routes that show what the client does, and never a value.
 *
 * While `isStopping`, readiness fails, every other route works, and each response ends its connection, so that callers open the
 * next one to another process.
 */
export async function createApp(client: SecretClient, isStopping = (): boolean => false): Promise<Application> {
  const options: AppOptions = { client, isStopping };
  return startEgg({ baseDir: join(import.meta.dirname, '..'), ...options });
}
