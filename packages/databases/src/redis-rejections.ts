import { isError } from '@kms-secrets/core';

/**
 * What Redis and Tair reply to AUTH with a wrong user name or password. A user that is disabled gets the same reply. Redis has no error
 * codes: https://redis.io/docs/latest/commands/auth/
 */
const rejection = /^(?:WRONGPASS|NOAUTH)\b|\binvalid (?:username-password|password)\b/u;

export function isRedisRejection(error: unknown): boolean {
  return isError(error) && rejection.test(error.message);
}

/** Whether a command failed because its connection is not logged in. */
export function isLoggedOut(error: Error): boolean {
  return error.message.startsWith('NOAUTH ');
}
