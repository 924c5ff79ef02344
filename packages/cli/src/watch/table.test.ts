import type { ClientDescription, SecretStatus } from '@kms-secrets/core';
import { expect, test } from 'vitest';
import { tableLines } from './table.ts';

const secret: SecretStatus = {
  name: 'prod/db',
  stage: undefined,
  versionId: 'v1',
  type: 'Generic',
  age: 1_000,
  versionAge: undefined,
  rotationLag: undefined,
  ttl: 600_000,
  freshness: 'fresh',
  expiresIn: 1,
  lastReadAgo: 1,
  pinned: 1,
  nextRefreshIn: 60_000,
  rotation: undefined,
  lastFailure: undefined,
};
const description = (
  secrets: readonly SecretStatus[],
): Pick<ClientDescription, 'secrets' | 'endpoints' | 'identity'> => ({
  secrets,
  endpoints: [],
  identity: { state: 'accepted', rejection: undefined },
});
const size = { columns: 100, rows: 24 };

test('shows a rotation and its lag', () => {
  const rotated = { ...secret, versionAge: 7_200_000, rotationLag: 3_000 };

  expect(tableLines(description([rotated]), new Map([['prod/db', { rotations: 2 }]]), size)).toEqual([
    'NAME     VERSION  STATE  AGE  REFRESH   ROTATED               FAILURE',
    'prod/db  v1       fresh  1 s  in 1 min  2x 2 h ago (lag 3 s)',
  ]);
});

test('a name cannot control the terminal', () => {
  const [, line] = tableLines(description([{ ...secret, name: 'a\u001B[2J\nb' }]), new Map(), size);

  expect(line).toMatch(/^a\?\[2J b {2}v1/u);
});

test('fits a small terminal', () => {
  const lines = tableLines(description([secret, secret, secret]), new Map(), { columns: 20, rows: 4 });

  expect(lines).toHaveLength(3);
  expect(lines.every((line) => line.length < 20)).toBe(true);
  expect(lines.at(-1)).toBe('… 2 more');
});
