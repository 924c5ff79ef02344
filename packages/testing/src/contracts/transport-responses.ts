import { expect } from 'vitest';

import { sha256 } from '../scenarios/harness/sha256.ts';
import { clause, clauseWithTemporaryCredentials } from './transport-fixture.ts';

const day = 86_400_000;

/** Successful responses, in every form in which they arrive. */
export const responseClauses: readonly ReturnType<typeof clause>[] = [
  clause('a text secret is read with all its metadata', async ({ kms, fetch }) => {
    const before = Math.floor(kms.clock.date() / 1_000) * 1_000;
    kms.put('prod/db', 's3cret-one', { versionId: 'v1', stages: ['ACSCurrent', 'Blue'] });

    const secret = await fetch({ name: 'prod/db' });

    expect(secret).toMatchObject({ name: 'prod/db', versionId: 'v1', stale: false });
    expect(secret.type).toBe('Generic');
    expect(secret.stages.toSorted()).toEqual(['ACSCurrent', 'Blue']);
    expect(secret.createdAt?.getTime()).toBeGreaterThanOrEqual(before);
    expect(secret.requestId).toMatch(/^\S{8,}$/u);
    expect([secret.rotation, secret.extendedConfig]).toEqual([undefined, undefined]);
    expect(secret.text() === 's3cret-one').toBe(true);
  }),
  clause('a binary secret is the UTF-8 bytes that KMS holds', async ({ kms, fetch }) => {
    kms.put('key', 's3cret-ключ', { dataType: 'binary' });

    const secret = await fetch({ name: 'key' });

    expect(sha256(new TextDecoder().decode(secret.bytes()))).toBe(sha256('s3cret-ключ'));
    expect(() => secret.text()).toThrow(expect.objectContaining({ code: 'ERR_SECRET_TYPE' }));
  }),
  ...Object.entries({
    'an empty value': '',
    'a value with line breaks': 's3cret-\r\n\t"\\ \u2028',
    'a value in several alphabets': 's3cret-ключ-密码-🗝️',
    'a value of 30 KB': `s3cret-${'0123456789abcdef'.repeat(1_920)}`.slice(0, 30_720),
    'a value that looks like XML': '<s3cret->&amp;]]></s3cret->',
  }).map(([what, value]) =>
    clause(`${what} is read unchanged`, async ({ kms, fetch }) => {
      kms.put('db', value);

      expect(sha256((await fetch({ name: 'db' })).text())).toBe(sha256(value));
    }),
  ),
  clause('a version is read by its stage', async ({ kms, fetch }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.put('db', 's3cret-two', { versionId: 'v2' });

    const versions = [
      (await fetch({ name: 'db' })).versionId,
      (await fetch({ name: 'db', stage: 'ACSCurrent' })).versionId,
      (await fetch({ name: 'db', stage: 'ACSPrevious' })).versionId,
    ];

    expect(versions).toEqual(['v2', 'v2', 'v1']);
  }),
  clause('a version is read by its id', async ({ kms, fetch }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });
    kms.put('db', 's3cret-two', { versionId: 'v2' });
    kms.put('db', 's3cret-three', { versionId: 'v3' });

    const versions = await Promise.all(['v1', 'v2', 'v3'].map((versionId) => fetch({ name: 'db', versionId })));

    expect(versions.map(({ versionId }) => versionId)).toEqual(['v1', 'v2', 'v3']);
  }),
  clause('a secret is read by its ARN', async ({ kms, fetch }) => {
    kms.put('prod/db', 's3cret-one', { versionId: 'v1' });

    const secret = await fetch({ name: 'acs:kms:cn-hangzhou:1234567890123456:secret/prod/db' });

    expect(secret.versionId).toBe('v1');
    expect(secret.text() === 's3cret-one').toBe(true);
  }),
  ...['../../etc/passwd', '..', 'rds!main', 'a+b=c@d', 'a/b', 'x'.repeat(192)].map((name) =>
    clause(
      `${name.length > 60 ? `a name of ${name.length} characters` : `the name ${name}`} is sent unchanged`,
      async ({ kms, fetch }) => {
        kms.put(name, 's3cret-special', { versionId: 'v1' });

        expect((await fetch({ name })).versionId).toBe('v1');
        expect(kms.requests).toMatchObject([{ secretName: name, path: '/', status: 200 }]);
      },
    ),
  ),
  clause('a managed secret has its rotation and configuration', async ({ kms, fetch }) => {
    kms.put('rds', '{"AccountName":"app","AccountPassword":"s3cret-one"}', {
      type: 'Rds',
      automaticRotation: { interval: 86_400 },
      extendedConfig: { SecretSubType: 'DoubleUsers', DBInstanceId: 'rm-0123', CustomData: { team: 'ключ' } },
    });

    const secret = await fetch({ name: 'rds' });

    expect(secret.type).toBe('Rds');
    expect(secret.rotation).toMatchObject({ state: 'Enabled', interval: day, lastAt: undefined });
    expect(Math.abs((secret.rotation?.nextAt ?? 0) - kms.clock.date() - day)).toBeLessThan(60_000);
    expect(secret.extendedConfig).toMatchObject({ DBInstanceId: 'rm-0123', CustomData: { team: 'ключ' } });
  }),
  clause('a managed secret without rotation is marked so', async ({ kms, fetch }) => {
    kms.put('rds', '{"AccountName":"app","AccountPassword":"s3cret-one"}', {
      type: 'Rds',
      automaticRotation: 'Invalid',
    });
    kms.put('redis', '{"AccountName":"app","AccountPassword":"s3cret-one"}', { type: 'Redis' });

    const invalid = await fetch({ name: 'rds' });
    const disabled = await fetch({ name: 'redis' });

    expect(invalid.rotation).toMatchObject({ state: 'Invalid', nextAt: undefined });
    expect(disabled.rotation).toMatchObject({ state: 'Disabled', nextAt: undefined });
  }),
  clause('a rotated secret has the time of its last rotation', async ({ kms, fetch }) => {
    kms.put('rds', '{"AccountName":"app","AccountPassword":"s3cret-one"}', { type: 'Rds' });
    const versionId = kms.rotate('rds');

    const secret = await fetch({ name: 'rds' });

    expect(secret.versionId).toBe(versionId);
    expect(Math.abs((secret.rotation?.lastAt ?? 0) - kms.clock.date())).toBeLessThan(60_000);
  }),
  ...(
    [
      ['late', { kind: 'slow', ms: 20 }],
      ['byte by byte', { kind: 'drip', ms: 0 }],
      ['in chunks', { kind: 'chunked' }],
      ['from a server that then closes the connection', { kind: 'connectionClose' }],
      ['from a server that does not send its issuer certificate', { kind: 'certificate', of: 'leafOnly' }],
    ] as const
  ).map(([how, fault]) =>
    clause(`a response that arrives ${how} is accepted`, async ({ kms, fetch }) => {
      kms.put('db', 's3cret-ключ-密码', { versionId: 'v1' });
      kms.fault(fault);

      const secrets = [await fetch({ name: 'db' }), await fetch({ name: 'db' })];

      expect(secrets.map((secret) => sha256(secret.text()))).toEqual(secrets.map(() => sha256('s3cret-ключ-密码')));
    }),
  ),
  clauseWithTemporaryCredentials('temporary credentials are accepted', async ({ kms, fetch }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });

    expect((await fetch({ name: 'db' })).versionId).toBe('v1');
  }),
  clause('40 concurrent fetches all succeed', async ({ kms, fetch }) => {
    const names = Array.from({ length: 40 }, (_, index) => `db-${index}`);
    for (const name of names) kms.put(name, `s3cret-${name}`);

    const secrets = await Promise.all(names.map((name) => fetch({ name })));

    expect(secrets.map((secret) => sha256(secret.text()))).toEqual(names.map((name) => sha256(`s3cret-${name}`)));
    expect(kms.requests.every(({ status }) => status === 200)).toBe(true);
  }),
];
