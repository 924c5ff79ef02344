import { expect, test } from 'vitest';
import { matchingSecrets, toneOf } from './secret-order.ts';
import type { Status } from './status.ts';

const secret = (name: string, freshness: string, fields: object = {}) =>
  ({ name, freshness, ...fields }) as Status['secrets'][number]; // what the order needs

const secrets = [
  secret('fresh', 'fresh'),
  secret('unrefreshed', 'fresh', { lastFailure: {} }),
  secret('stale', 'stale'),
  secret('expired', 'expired'),
  secret('gone', 'missing'),
  secret('denied', 'refused'),
];

test('refused secrets come first, then the others by severity', () => {
  const names = matchingSecrets(secrets, '').map(({ name }) => name);

  expect(names).toEqual(['denied', 'gone', 'expired', 'stale', 'unrefreshed', 'fresh']);
});

test('the search finds secrets by a part of the name, or by state', () => {
  expect(matchingSecrets(secrets, ' FRESH ').map(({ name }) => name)).toEqual(['unrefreshed', 'fresh']);
  expect(matchingSecrets(secrets, 'refused').map(({ name }) => name)).toEqual(['denied']);
  expect(matchingSecrets(secrets, 'nothing')).toEqual([]);
});

test('a secret whose rotation was missed is degraded', () => {
  expect(toneOf(secret('late', 'fresh', { rotation: { isMissed: true } }))).toBe('degraded');
});
