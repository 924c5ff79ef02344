import { safeMessage } from '@kms-secrets/core/internal';
import type { MadeEndpoint, Secret, SecretRequest } from '@kms-secrets/core/internal';
import type { Check } from './check.ts';
import { failed, ok, skipped, warning } from './check.ts';
import { isFailure } from './failure.ts';

export interface SecretsContext {
  readonly names: readonly string[];
  /** Whether the check of the credentials failed. An endpoint with a client key of its own does not need them. */
  readonly isWithoutCredentials: boolean;
  readonly stage: string;
  /** Milliseconds for one request. */
  readonly timeout: number;
}

/** Read if there is no name to check: KMS checks the identity before it searches the secret. */
const unnamed = 'kms-secrets-doctor';

/** Reads each secret once from one endpoint: whether KMS accepts the identity, and permits the secret. */
export async function checkSecrets(
  { transport }: MadeEndpoint,
  { names, stage, timeout, isWithoutCredentials }: SecretsContext,
): Promise<readonly Check[]> {
  const { endpoint, identity } = transport;
  if (identity === 'credentials' && isWithoutCredentials) return skippedSecrets(names, 'There are no credentials.');
  const read = async (name: string, ofStage = stage): Promise<Secret | Error> => {
    const request: SecretRequest = { name, stage: ofStage };
    const signal = AbortSignal.timeout(timeout);
    try {
      return await transport.fetch(request, signal);
    } catch (error) {
      if (signal.aborted) return new Error(`${endpoint} sent no response within ${timeout} ms.`);
      return isFailure(error) ? error : new Error(safeMessage(error));
    }
  };
  if (names.length === 0) return [identityCheck(endpoint, await read(unnamed))];
  const checks: Check[] = [];
  for (const name of names) {
    const result = await read(name);
    if (isFailure(result) && result.failure === 'identity') {
      // It would be the same for every secret.
      const left = names.slice(names.indexOf(name));
      return [
        ...checks,
        failed('credentials', endpoint, result.message),
        ...skippedSecrets(left, 'KMS does not accept the credentials.'),
      ];
    }
    const isStageMissing = isFailure(result) && result.failure === 'notFound' && stage !== currentStage;
    const current = isStageMissing ? await read(name, currentStage) : undefined;
    if (current === undefined || 'message' in current) checks.push(...secretChecks(endpoint, name, result));
    else checks.push(failed('secret', name, stageProblem(stage, current)));
  }
  return checks;
}

const currentStage = 'ACSCurrent';

function stageProblem(stage: string, { versionId, stages }: Secret): string {
  const list = stages.join(', ');
  return `the secret exists, but no version of it has the stage "${stage}". The current version ${versionId} has: ${list}.`;
}

function skippedSecrets(names: readonly string[], message: string): readonly Check[] {
  return names.map((name) => skipped('secret', name, message));
}

function identityCheck(endpoint: string, result: Secret | Error): Check {
  if (!isFailure(result) && 'message' in result) return failed('credentials', endpoint, result.message);
  if (isFailure(result) && result.failure !== 'notFound' && result.failure !== 'denied') {
    return failed('credentials', endpoint, result.message);
  }
  return ok('credentials', endpoint, 'KMS accepts them. Pass names to check the permission on secrets.');
}

function secretChecks(endpoint: string, name: string, result: Secret | Error): readonly Check[] {
  if ('message' in result) return [failed('secret', name, result.message)];
  const { versionId, type, rotation, extendedConfig } = result;
  const next = rotation?.nextAt === undefined ? '' : `, next rotation ${new Date(rotation.nextAt).toISOString()}`;
  const read = ok('secret', name, `version ${versionId}, ${type}${next}, from ${endpoint}`);
  const isSingle = extendedConfig?.['SecretSubType'] === 'SingleUser' && /^(?:Rds|PolarDB|Redis)$/iu.test(type);
  if (!isSingle) return [read];
  const advice =
    'Its rotation changes the password of the only account: logins with the old one fail until the application has the new one. Use two accounts (DoubleUsers), or the pools of @kms-secrets/databases.';
  return [read, warning('secret', name, advice)];
}
