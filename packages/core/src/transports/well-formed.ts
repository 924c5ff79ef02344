import type { SecretRequest } from '../ports/transport.ts';
import { FetchFailure } from '../ports/transport.ts';

/** Throws a `FetchFailure` for half a character: no encoding can carry it, and what would go out in its place is another name. */
export function assertWellFormed({ name, stage = '', versionId = '' }: SecretRequest): void {
  // In Unicode mode, the two halves of a whole character do not match: only one that stands alone does.
  if (!/\p{Surrogate}/u.test(`${name}\n${stage}\n${versionId}`)) return;
  throw new FetchFailure(
    'rejected',
    'The name, the stage or the version asked for is no well-formed Unicode: half of a character is missing.',
  );
}
