import type { FakeEndpoint, FakeKms } from '@kms-secrets/testing';
import { describeTransport } from '@kms-secrets/testing/contracts';
import { systemClock } from './time/clock.ts';
import type { ClientKey } from './ports/credentials.ts';
import { openClientKey } from './credentials/client-key.ts';
import type { HttpsOptions } from './transports/https/channel.ts';
import { InstanceTransport } from './transports/instance/instance-transport.ts';
import { OpenApiTransport } from './transports/openapi/openapi-transport.ts';

function partsFor({ endpoint, gateway }: FakeEndpoint, kms: FakeKms): HttpsOptions & { readonly clientKey: ClientKey } {
  const { json, password } = kms.createClientKey({ gateway });
  return {
    endpoint: { host: endpoint },
    ca: kms.caPem,
    clientKey: openClientKey({ json, password }),
    clock: systemClock,
    connectTimeout: 20_000, // a machine may be busy
    maxResponseBytes: 1_048_576,
  };
}

describeTransport(
  'OpenApiTransport with a client key',
  (endpoint, kms) => new OpenApiTransport(partsFor(endpoint, kms)),
);

describeTransport('InstanceTransport', (endpoint, kms) => new InstanceTransport(partsFor(endpoint, kms)), {
  gateway: 'instance',
});
