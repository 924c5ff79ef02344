import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import { startFakeEvents, startFakeKms } from '@kms-secrets/testing';
import type { FakeEvents, FakeKms } from '@kms-secrets/testing';
import { onTestFinished } from 'vitest';

export const account = '1234567890123456';
export const region = 'cn-hangzhou';

export interface EventsAndKms {
  readonly kms: FakeKms;
  readonly events: FakeEvents;
  /** A client that has `db` in memory. */
  readonly createClient: (options?: Partial<SecretClientOptions>) => Promise<SecretClient>;
}

/** A fake KMS with the secret `db`, and what sends its events. */
export async function startEvents(): Promise<EventsAndKms> {
  const kms = await startFakeKms();
  const events = await startFakeEvents(kms);
  onTestFinished(async () => {
    await events.close();
    await kms.close();
  });
  kms.put('db', 's3cret-1');
  const createClient = async (options: Partial<SecretClientOptions> = {}): Promise<SecretClient> => {
    const [endpoint] = kms.endpoints;
    const client = createSecretClient({
      endpoints: [{ endpoint: endpoint?.endpoint ?? '', caFilePath: kms.caFilePath }],
      credentials: { type: 'ak', ...kms.accessKey },
      ttl: '1h',
      precedence: 'code-only',
      ...options,
    });
    onTestFinished(() => client.close());
    await client.get('db');
    return client;
  };
  return { kms, events, createClient };
}
