import type { SecretRepository } from '../secrets/secret-repository.ts';
import { formatDate } from '../settable-clock.ts';
import { apiError } from './api-error.ts';

/** The fields of a ListSecrets response, without `RequestId`. */
export interface SecretListResult {
  readonly PageNumber: number;
  readonly PageSize: number;
  readonly TotalCount: number;
  readonly SecretList: {
    readonly Secret: readonly {
      readonly SecretName: string;
      readonly SecretType: string;
      readonly CreateTime: string;
    }[];
  };
}

const maxPageSize = 100;

/** The action ListSecrets, with `PageNumber` and `PageSize`. Lists every secret of the account, readable or not. */
export function listSecrets(secrets: SecretRepository, parameters: ReadonlyMap<string, string>): SecretListResult {
  const page = numberOf(parameters, 'PageNumber', { fallback: 1, max: Number.MAX_SAFE_INTEGER });
  const size = numberOf(parameters, 'PageSize', { fallback: 20, max: maxPageSize });
  const all = secrets.all();
  const shown = all.slice((page - 1) * size, page * size);
  return {
    PageNumber: page,
    PageSize: size,
    TotalCount: all.length,
    SecretList: {
      Secret: shown.map(({ name, type, createdAt }) => ({
        SecretName: name,
        SecretType: type,
        CreateTime: formatDate(createdAt),
      })),
    },
  };
}

function numberOf(
  parameters: ReadonlyMap<string, string>,
  name: string,
  { fallback, max }: { readonly fallback: number; readonly max: number },
): number {
  const text = parameters.get(name);
  const value = text === undefined ? fallback : Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw apiError('InvalidParameter', ` ${name} must be a whole number from 1 to ${max}.`);
}
