import { errorCode } from '@kms-secrets/core';

/** `invalid_password` and `invalid_authorization_specification`: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const rejections: ReadonlySet<string | undefined> = new Set(['28P01', '28000']);

export function isPgRejection(error: unknown): boolean {
  return rejections.has(errorCode(error));
}
