import { createSecretClient, isSecretError } from '@kms-secrets/core';
import type { Secret, SecretClient, SecretClientOptions, SecretTransport } from '@kms-secrets/core';

/**
 * A transport that stands inside a client, asked through clients that add nothing: no second try, nothing remembered, and
 * the failure of the only attempt instead of the error that is made of it.
 *
 * A reader who leaves does not end a client's fetch, but closing the client does; so each of the fetches that go on at the
 * same time has a client to itself, which the next fetch takes over.
 */
export function throughClients(given: SecretClientOptions): SecretTransport {
  const patient = { connectTimeout: '20s', attemptTimeout: '20s' } as const; // a machine may be busy
  const options: SecretClientOptions = { ...given, ...patient, tries: 1, staleIfError: 0, negativeTtl: 0 };
  // What KMS gave is seen by the hook alone: a secret in memory does not keep the id of the request.
  const fetched = new WeakMap<SecretClient, Secret>();
  const open = (): SecretClient => {
    const transform = (secret: Secret): Secret => {
      fetched.set(client, secret);
      return secret;
    };
    const client = createSecretClient({ ...options, hook: { transform } });
    return client;
  };
  const first = open();
  const idle: SecretClient[] = [first];
  const all = new Set<SecretClient>(idle);
  return {
    endpoint: first
      .describe()
      .endpoints.map(({ endpoint }) => endpoint)
      .join(),
    async fetch({ name, stage, versionId }, signal) {
      const client = idle.pop() ?? open();
      all.add(client);
      const leave = (): void => void client.close();
      signal.addEventListener('abort', leave, { once: true });
      try {
        client.invalidate(name);
        const secret = await client.get(name, { stage, versionId, signal });
        return fetched.get(client) ?? secret;
      } catch (error) {
        throw isSecretError(error) && error.cause !== undefined ? error.cause : error;
      } finally {
        signal.removeEventListener('abort', leave);
        if (!signal.aborted || client === first) idle.push(client);
      }
    },
    async close() {
      await Promise.all([...all].map((client) => client.close()));
    },
  };
}
