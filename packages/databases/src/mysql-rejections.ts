/**
 * `ER_ACCESS_DENIED_ERROR` and `ER_ACCESS_DENIED_NO_PASSWORD_ERROR`, of MySQL and MariaDB. Not among them: a missing privilege (1044), a
 * locked account (3118, 3955, 4151) and too many errors (1129, 4150), which no version of the secret mends.
 */
const rejections: ReadonlySet<unknown> = new Set([1045, 1698]);

export function isMysqlRejection(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errno' in error && rejections.has(error.errno);
}
