import { describeTransport } from '@kms-secrets/testing/contracts';
import { systemClock } from '../../time/clock.ts';
import { OpenApiTransport } from './openapi-transport.ts';

describeTransport(
  'OpenApiTransport',
  ({ endpoint }, kms, { accessKeyId, accessKeySecret, securityToken }) =>
    new OpenApiTransport({
      endpoint: { host: endpoint },
      ca: kms.caPem,
      credentials: {
        getCredential: () =>
          Promise.resolve({ accessKeyId, accessKeySecret, ...(securityToken === undefined ? {} : { securityToken }) }),
      },
      clock: systemClock,
      connectTimeout: 50_000, // a machine may be busy
      maxResponseBytes: 1_048_576,
    }),
);
