import type { GatewayKind } from '@kms-secrets/testing';
import type { Connect } from '@kms-secrets/testing/contracts';

/** A transport: what it asks, and how a client is told to take it. */
export interface TransportUnderTest {
  readonly name: string;
  readonly gateway: GatewayKind;
  readonly connect: Connect;
}

/** The transports that scenarios are played over; docs/decisions/0009 says why these. */
export const transports: readonly [TransportUnderTest, ...TransportUnderTest[]] = [
  {
    name: 'openapi',
    gateway: 'shared',
    connect: (kms, endpoints) => ({
      credentials: kms.accessKey,
      endpoints: endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath })),
    }),
  },
  {
    name: 'instance',
    gateway: 'instance',
    connect: (kms, endpoints) => {
      const { keyFile: clientKeyFile, passwordFile: passwordFromFilePath } = kms.createClientKey({
        gateway: 'instance',
      });
      const key = { clientKeyFile, passwordFromFilePath };
      return { endpoints: endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath, ...key })) };
    },
  },
];
