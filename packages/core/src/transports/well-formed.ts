import type { SecretRequest } from '../secret/secret-request.ts';
import { FetchFailure } from '../ports/transport.ts';

/** Throws a `FetchFailure` for a lone surrogate: UTF-8 cannot encode it, and its replacement would result in another name. */
export function assertWellFormed({ name, stage = '', versionId = '' }: SecretRequest): void {
  // With the u flag, \p{Surrogate} does not match the two halves of a surrogate pair.
  if (!/\p{Surrogate}/u.test(`${name}\n${stage}\n${versionId}`)) return;
  throw new FetchFailure(
    'rejected',
    'The secret name, stage or version id is not well-formed Unicode: it contains a lone surrogate.',
  );
}
