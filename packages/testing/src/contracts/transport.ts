import { describeContract } from './contract.ts';
import type { Clause } from './contract.ts';
import { answerClauses } from './transport-answers.ts';
import { connectionClauses } from './transport-connections.ts';
import { failureClauses } from './transport-failures.ts';
import type { OpenTransport, TransportSetting, TransportSubject } from './transport-stage.ts';

export type { OpenTransport, TransportSetting, TransportSubject } from './transport-stage.ts';

/** What every `SecretTransport` must do, tried against a KMS that fails in every way it can. */
export function describeTransport(name: string, open: OpenTransport, setting: TransportSetting = {}): void {
  describeContract(`${name} keeps the transport contract`, transportClauses, { open, ...setting });
}

export const transportClauses: readonly Clause<TransportSubject>[] = [
  ...answerClauses,
  ...failureClauses,
  ...connectionClauses,
];
