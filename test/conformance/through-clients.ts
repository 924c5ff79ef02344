import { createSecretClient, isSecretError } from '@kms-secrets/core';
import type { Secret, SecretClient, SecretClientOptions, SecretTransport } from '@kms-secrets/core';

/**
 * Exposes the transport that a client creates internally, for the transport contract. It calls the transport through clients
 * without retries and caching, and rejects with the failure of the attempt instead of the client's own error.
 *
 * An aborted read does not cancel the fetch of its client, but closing the client does. So each concurrent fetch has a client
 * of its own, which a later fetch reuses.
 */
export function throughClients(clientOptions: SecretClientOptions): SecretTransport {
  const timeouts = { connectTimeout: '50s', attemptTimeout: '50s', deadline: '50s' } as const; // The machine may be busy.
  const options: SecretClientOptions = {
    ...clientOptions,
    ...timeouts,
    retry: { maxAttempts: 1 },
    staleIfError: 0,
    negativeTtl: 0,
  };
  // Only the hook sees the secret as the transport returned it: a cached secret has no request id.
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
      const cancel = (): void => void client.close();
      signal.addEventListener('abort', cancel, { once: true });
      try {
        void client.invalidate(name);
        const secret = await client.get(name, { stage, versionId, signal });
        return fetched.get(client) ?? secret;
      } catch (error) {
        throw isSecretError(error) && error.cause !== undefined ? error.cause : error;
      } finally {
        signal.removeEventListener('abort', cancel);
        if (!signal.aborted || client === first) idle.push(client);
      }
    },
    async close() {
      await Promise.all([...all].map((client) => client.close()));
    },
  };
}
