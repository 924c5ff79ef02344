import type { Connect } from '@kms-secrets/testing/contracts';

/** Every transport, by its name: how a client is told to take it. */
export const transports: readonly { readonly name: string; readonly connect: Connect }[] = [
  {
    name: 'openapi',
    connect: (kms, endpoints) => ({
      credentials: kms.accessKey,
      endpoints: endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath })),
    }),
  },
];
