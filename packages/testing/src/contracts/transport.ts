import { describeContract } from './contract.ts';
import type { Clause } from './contract.ts';
import { connectionClauses } from './transport-connections.ts';
import { failureClauses } from './transport-failures.ts';
import type { OpenTransport, TransportContractOptions, TransportSubject } from './transport-fixture.ts';
import { responseClauses } from './transport-responses.ts';

export type { OpenTransport, TransportContractOptions, TransportSubject } from './transport-fixture.ts';

/** Tests a `SecretTransport` against the transport contract, with a fake KMS that injects every kind of fault. */
export function describeTransport(name: string, open: OpenTransport, options: TransportContractOptions = {}): void {
  describeContract(`${name} meets the transport contract`, transportClauses, { open, ...options });
}

export const transportClauses: readonly Clause<TransportSubject>[] = [
  ...responseClauses,
  ...failureClauses,
  ...connectionClauses,
];
