import { expect } from 'vitest';

import { fieldsOf } from '../scenarios/harness/app-client.ts';
import { sha256 } from '../scenarios/harness/sha256.ts';
import type { StartApp } from '../scenarios/harness/run-scenario.ts';
import { clause, refusal } from './adapter-stage.ts';
import type { Clause } from './contract.ts';

const oddNames: readonly string[] = [
  'prod/db',
  '../../etc/passwd',
  'a/../b',
  '%2e%2e',
  'a%2Fb',
  'refresh',
  'rds!main',
  'a b+c&d=e?f#g',
  'ключ-密码',
  'constructor',
  'x'.repeat(192),
];

/** What each route answers, and to what. */
export const answerClauses: readonly Clause<StartApp>[] = [
  clause('a read answers name, version, whether it is stale, and a hash', {}, async ({ app, kms }) => {
    kms.put('db', 'v1', { value: 's3cret-one' });

    const { status, headers, text } = await app.ask('GET', '/secrets/db');

    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/json\b/u);
    expect(headers['cache-control']).toContain('no-store');
    expect(fieldsOf(text)).toEqual({ name: 'db', versionId: 'v1', stale: false, sha256: sha256('s3cret-one') });
  }),
  clause('a binary secret is read as well', {}, async ({ app, kms }) => {
    kms.put('key', 'v1', { value: 's3cret-密码', dataType: 'binary' });

    expect(await app.read('key')).toMatchObject({ status: 200, sha256: sha256('s3cret-密码') });
  }),
  ...oddNames.map((name) =>
    clause(`${name.length > 60 ? `a text of ${name.length} characters` : name} is a name`, {}, async ({ app, kms }) => {
      kms.put(name, 'v1', { value: 's3cret-odd' });

      const answers = [await app.read(name), await app.refresh(name)];

      expect(answers).toMatchObject([{ status: 200 }, { status: 200 }]);
      expect(kms.requests.map((asked) => asked.name)).toEqual([name, name]);
      expect((await app.read(`not ${name}`.slice(0, 192))).code).toBe('ERR_SECRET_NOT_FOUND');
    }),
  ),
  clause('.. is a name, or not found where a server takes it for a way up', {}, async ({ app, kms }) => {
    kms.put('..', 'v1', { value: 's3cret-odd' });

    // Node's own URL resolves it, also when it is escaped; a framework that is built on that never sees it.
    const answers = [await app.read('..'), await app.refresh('..')];

    const isName = kms.requests.length > 0;
    expect(answers).toMatchObject(isName ? [{ status: 200 }, { status: 200 }] : [{ status: 404 }, { status: 404 }]);
    expect(kms.requests.map((asked) => asked.name)).toEqual(isName ? ['..', '..'] : []);
  }),
  clause('many reads at the same time are one request to KMS', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');

    const answers = await Promise.all(Array.from({ length: 100 }, () => app.read('db')));

    expect(answers.filter(({ status, versionId }) => status === 200 && versionId === 'v1')).toHaveLength(100);
    expect(kms.requests).toHaveLength(1);
  }),
  clause('a refresh brings the new version, for later reads too', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');
    await app.read('db');
    kms.put('db', 'v2', { value: 's3cret-two' });

    const answers = [await app.refresh('db'), await app.read('db')];

    const expected = { status: 200, versionId: 'v2', stale: false, sha256: sha256('s3cret-two') };
    expect(answers).toEqual([expected, expected]);
  }),
  clause('a refresh that fails says so, though there is a value', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');
    await app.read('db');
    kms.fail('unavailable');

    expect(await app.refresh('db')).toEqual(refusal('ERR_SECRET_UNAVAILABLE'));
    expect(await app.read('db')).toMatchObject({ status: 200, versionId: 'v1' });
  }),
  clause('asking for a refresh is a POST: whoever follows links changes nothing', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');

    const { status } = await app.ask('GET', '/secrets/db/refresh');

    expect(status).toBeGreaterThanOrEqual(400);
    expect(kms.requests).toHaveLength(0);
  }),
  ...(
    [
      ['notFound', 'ERR_SECRET_NOT_FOUND', undefined],
      ['denied', 'ERR_ACCESS_DENIED', undefined],
      ['disabled', 'ERR_SECRET_DISABLED', undefined],
      ['rejected', 'ERR_REQUEST_REJECTED', undefined],
      // What may be over in a moment: the caller is told when to come back.
      ['unavailable', 'ERR_SECRET_UNAVAILABLE', '1'],
      ['throttled', 'ERR_SECRET_UNAVAILABLE', '1'],
    ] as const
  ).map(([failure, code, retryAfter]) =>
    clause(`${failure} is a 503 with ${code} and nothing else`, {}, async ({ app, kms }) => {
      kms.fail(failure);

      const answers = [await app.ask('GET', '/secrets/db'), await app.ask('POST', '/secrets/db/refresh')];

      for (const { status, headers, text } of answers) {
        expect(status).toBe(503);
        expect(fieldsOf(text)).toEqual({ code });
        expect(headers['content-type']).toMatch(/^application\/json\b/u);
        expect(headers['cache-control']).toContain('no-store');
        expect(headers['retry-after']).toBe(retryAfter);
      }
    }),
  ),
  clause('a method that no route is for changes nothing', {}, async ({ app, kms }) => {
    kms.put('db', 'v1');
    await app.read('db');
    kms.put('db', 'v2');

    const asked = ['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => app.ask(method, '/secrets/db'));

    // Which of them is a 404 and which a 405 is the framework's own affair.
    for (const { status } of await Promise.all(asked)) expect([404, 405]).toContain(status);
    expect(kms.requests).toHaveLength(1);
    expect(await app.read('db')).toMatchObject({ status: 200, versionId: 'v1' });
  }),
  clause('a path that cannot be decoded is the caller’s mistake', {}, async ({ app, kms }) => {
    const answers = [await app.ask('GET', '/secrets/%E0%A4%A'), await app.ask('GET', '/secrets/%')];

    for (const { status, text } of answers) {
      expect(status).toBe(400);
      expect(/\bat \S+ \(|node_modules|file:/u.test(text), 'the answer shows a stack').toBe(false);
    }
    expect(kms.requests).toHaveLength(0);
  }),
  clause('a name that is too long is refused, and KMS not asked', {}, async ({ app, kms }) => {
    expect(await app.read('x'.repeat(193))).toEqual(refusal('ERR_REQUEST_REJECTED'));
    expect(kms.requests).toHaveLength(0);
  }),
  clause('another path is a 404', {}, async ({ app }) => {
    const asked = await Promise.all(['/', '/secrets', '/secrets/', '/secrets/a/b'].map((path) => app.ask('GET', path)));

    expect(asked.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  }),
];
