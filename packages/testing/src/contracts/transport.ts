import type { Credentials, SecretTransport } from '@kms-secrets/core';

import type { FakeEndpoint, FakeKms } from '../fake-kms/index.ts';
import { describeContract } from './contract.ts';
import type { Clause } from './contract.ts';
import { answerClauses } from './transport-answers.ts';
import { connectionClauses } from './transport-connections.ts';
import { failureClauses } from './transport-failures.ts';

/**
 * Opens a transport that asks one endpoint of the fake KMS, over TLS that `kms.caFilePath` vouches for, as whoever
 * `credentials` are. Its clock is the machine's.
 */
export type OpenTransport = (
  endpoint: FakeEndpoint,
  kms: FakeKms,
  credentials: Credentials,
) => Promise<SecretTransport> | SecretTransport;

/** What every `SecretTransport` must do, tried against a KMS that fails in every way it can. */
export function describeTransport(name: string, open: OpenTransport): void {
  describeContract(`${name} keeps the transport contract`, transportClauses, open);
}

export const transportClauses: readonly Clause<OpenTransport>[] = [
  ...answerClauses,
  ...failureClauses,
  ...connectionClauses,
];
