import { expect, test } from 'vitest';
import { statusAccess } from './status-access.ts';

const token = 's3cret-status-token';
const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;

test.each([
  ['off in production', {}, null, 'disabled'],
  ['off with a token that is too short', { STATUS_TOKEN: 'short' }, basic('me:short'), 'disabled'],
  [
    'off with a token that is too short, also if it is open',
    { STATUS_TOKEN: 'short', STATUS_PAGE: 'open' },
    null,
    'disabled',
  ],
  ['open', { STATUS_PAGE: 'open' }, null, 'allowed'],
  ['open in development', { NODE_ENV: 'development' }, null, 'allowed'],
  ['protected without a token', { STATUS_TOKEN: token }, null, 'unauthorized'],
  ['protected, also in development', { STATUS_TOKEN: token, NODE_ENV: 'development' }, null, 'unauthorized'],
  ['protected, also if it is open', { STATUS_TOKEN: token, STATUS_PAGE: 'open' }, null, 'unauthorized'],
  ['protected with the token', { STATUS_TOKEN: token }, basic(`me:${token}`), 'allowed'],
  ['protected with the token and no user', { STATUS_TOKEN: token }, basic(`:${token}`), 'allowed'],
  ['protected with another token', { STATUS_TOKEN: token }, basic('me:s3cret-status-tokem'), 'unauthorized'],
  ['protected with the beginning of the token', { STATUS_TOKEN: token }, basic('me:s3cret-status'), 'unauthorized'],
  ['protected with the token as the user', { STATUS_TOKEN: token }, basic(token), 'unauthorized'],
  ['protected with another scheme', { STATUS_TOKEN: token }, `Bearer ${token}`, 'unauthorized'],
  ['protected with invalid base64', { STATUS_TOKEN: token }, 'Basic !!!', 'unauthorized'],
] as const)('the status page is %s', (...[, environment, authorization, access]) => {
  expect(statusAccess(authorization, { NODE_ENV: 'production', ...environment })).toBe(access);
});
