import type { ResponseFields } from '../secret-response.ts';
import { FetchFailure } from '../../ports/transport.ts';
import { parseJsonObject } from './decode.ts';
import type { ActionRequest } from './request-parameters.ts';

/** What ListSecrets returns of a secret. */
export interface ListedSecret {
  readonly name: string;
  /** Such as `Generic` or `Rds`. */
  readonly type: string;
}

/** One page of ListSecrets. */
export interface SecretPage {
  readonly secrets: readonly ListedSecret[];
  /** The number of secrets on all pages. */
  readonly total: number;
}

/** The maximum of KMS. */
export const pageSize = 100;

/** Source: the documentation of the action (2016-01-20). */
export function listSecretsRequest(page: number): ActionRequest {
  // In byte order of the names: the signature requires it.
  return { action: 'ListSecrets', parameters: { PageNumber: String(page), PageSize: String(pageSize) } };
}

/** Decodes the JSON response of ListSecrets. Throws a `FetchFailure` that quotes nothing of it. */
export function decodeSecretPage(body: Buffer, endpoint: string): SecretPage {
  const response = parseJsonObject(body, endpoint);
  const { SecretList, TotalCount } = response;
  const list = isFields(SecretList) ? SecretList['Secret'] : undefined;
  if (!Array.isArray(list) || typeof TotalCount !== 'number') {
    const message = `The response of ${endpoint} is invalid: SecretList or TotalCount is missing. Check the endpoint.`;
    throw new FetchFailure('malformed', message, { status: 200 });
  }
  const secrets = list.filter(isFields).flatMap(({ SecretName, SecretType }): ListedSecret[] => {
    if (typeof SecretName !== 'string') return [];
    return [{ name: SecretName, type: typeof SecretType === 'string' ? SecretType : 'Generic' }];
  });
  return { secrets, total: TotalCount };
}

function isFields(value: unknown): value is ResponseFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
