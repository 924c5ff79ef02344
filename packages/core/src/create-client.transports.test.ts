import { describeTransport } from '@kms-secrets/testing/contracts';
import { systemClock } from './clock.ts';
import { openClientKey } from './credentials/client-key.ts';
import { OpenApiTransport } from './transports/openapi/openapi-transport.ts';

describeTransport('OpenApiTransport with a client key', ({ endpoint }, kms) => {
  const { json, password } = kms.createClientKey({ gateway: 'shared' });
  return new OpenApiTransport({
    endpoint: { host: endpoint },
    ca: kms.caPem,
    clientKey: openClientKey({ json, password }),
    clock: systemClock,
    connectTimeout: 2_000,
    maxReplyBytes: 1_048_576,
  });
});
