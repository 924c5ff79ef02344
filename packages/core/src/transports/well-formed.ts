import type { SecretRequest } from '../secret/secret-request.ts';
import { FetchFailure } from '../ports/transport.ts';

/** With the u flag, it does not match the two halves of a surrogate pair. */
const loneSurrogate = /\p{Surrogate}/u;

/** Throws a `FetchFailure` for a lone surrogate: UTF-8 cannot encode it, and its replacement would result in another name. */
export function assertWellFormed({ name, stage = '', versionId = '' }: SecretRequest): void {
  if (!loneSurrogate.test(name) && !loneSurrogate.test(stage) && !loneSurrogate.test(versionId)) return;
  throw new FetchFailure(
    'rejected',
    'The secret name, stage or version id is not well-formed Unicode: it contains a lone surrogate.',
  );
}
