import { startFakeKms } from '@kms-secrets/testing';
import type { FakeClientKey, GatewayKind } from '@kms-secrets/testing';
import type { Connect } from '@kms-secrets/testing/contracts';

/** A transport: what it asks, and how a client is told to take it. */
export interface TransportUnderTest {
  readonly name: string;
  readonly gateway: GatewayKind;
  readonly connect: Connect;
}

/** Made once: making one takes longer than most scenarios. */
const clientKey = await makeClientKey();
const itself = { clientKeyContent: clientKey.json, password: clientKey.password };

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
    name: 'openapi with a client key',
    gateway: 'shared',
    connect(kms, endpoints) {
      kms.addClientKey(clientKey);
      return {
        credentials: { type: 'client_key', ...itself },
        endpoints: endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath })),
      };
    },
  },
  {
    name: 'instance',
    gateway: 'instance',
    connect(kms, endpoints) {
      kms.addClientKey(clientKey);
      return { endpoints: endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath, ...itself })) };
    },
  },
];

async function makeClientKey(): Promise<FakeClientKey> {
  await using kms = await startFakeKms();
  return kms.createClientKey({ gateway: 'both' });
}
