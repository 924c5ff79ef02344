import { expect, test } from 'vitest';
import { isMysqlRejection } from './mysql-rejections.ts';

test.each([
  ['access denied', 1045, true],
  ['access denied, without a password', 1698, true],
  ['a missing privilege', 1044, false],
  ['a missing database', 1049, false],
  ['too many errors of the host', 1129, false],
  ['a locked account of MySQL', 3118, false],
  ['an account of MySQL with too many failed logins', 3955, false],
  ['an account of MariaDB with too many failed logins', 4150, false],
  ['a locked account of MariaDB', 4151, false],
])('%s (%i): %s', (_, errno, isRejection) => {
  expect(isMysqlRejection(Object.assign(new Error('login failed'), { errno }))).toBe(isRejection);
});

test.each([undefined, null, 'ER_ACCESS_DENIED_ERROR', new Error('x')])('%s is no rejection', (error) => {
  expect(isMysqlRejection(error)).toBe(false);
});
