import { createSecretClient } from '@kms-secrets/core';
import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { onTestFinished } from 'vitest';

export interface MeasuredFixture {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
}

/** A client on a fake clock, with one endpoint that has these secrets. Closed after the test. */
export function measuredClient(
  names: readonly string[] = ['db'],
  { endpoint = 'kms.example', ...options }: SecretClientOptions & { readonly endpoint?: string } = {},
): MeasuredFixture {
  const clock = new FakeClock();
  const kms = new FakeTransport(endpoint);
  for (const name of names) kms.put(name, 'v1');
  const client = createSecretClient({ endpoints: [kms], clock, ttl: '5m', retry: { maxAttempts: 1 }, ...options });
  onTestFinished(() => client.close());
  return { client, clock, kms };
}
