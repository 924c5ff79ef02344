import { startFakeKms } from '@kms-secrets/testing';
import type { FakeClientKey, GatewayKind } from '@kms-secrets/testing';
import type { Connect } from '@kms-secrets/testing/contracts';

/** A transport: the gateway that it connects to, and the client options that select it. */
export interface TransportUnderTest {
  readonly name: string;
  readonly gateway: GatewayKind;
  readonly connect: Connect;
}

/** Created once, because that takes longer than most scenarios. */
const clientKey = await createClientKey();
const clientKeyFields = { clientKeyContent: clientKey.json, password: clientKey.password };

/** The transports that every scenario runs over. docs/decisions/0009 gives the reasons for the choice. */
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
        credentials: { type: 'client_key', ...clientKeyFields },
        endpoints: endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath })),
      };
    },
  },
  {
    name: 'instance',
    gateway: 'instance',
    connect(kms, endpoints) {
      kms.addClientKey(clientKey);
      return {
        endpoints: endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath, ...clientKeyFields })),
      };
    },
  },
];

async function createClientKey(): Promise<FakeClientKey> {
  await using kms = await startFakeKms();
  return kms.createClientKey({ gateway: 'both', iterations: 1 });
}
