import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { startFakeKms } from './fake-kms.ts';
import type { FakeKms } from './fake-kms.ts';
import type { FakeKmsOptions } from './options.ts';
import { askAcs3, askRpc } from './test-client.fixture.ts';

const parameters = { SecretName: 'prod/db' };

test('a secret that was put is read in either protocol, over TLS that the CA file vouches for', async () => {
  await using kms = await startFakeKms();
  const versionId = kms.put('prod/db', 's3cret-one');

  const answers = [await askAcs3({ kms, parameters }), await askRpc({ kms, parameters })];

  for (const { status, text } of answers) {
    expect(status).toBe(200);
    expect(text.includes(versionId) && text.includes('s3cret-one')).toBe(true);
  }
  expect(kms.handshakes).toBe(2);
});

test('each region listens at a port of its own, with the same secrets', async () => {
  await using kms = await startFakeKms({ regions: ['cn-hangzhou', 'cn-shanghai'] });
  kms.put('prod/db', 's3cret-one');

  const answers = [
    await askAcs3({ kms, region: 'cn-hangzhou', parameters }),
    await askAcs3({ kms, region: 'cn-shanghai', parameters }),
  ];

  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(kms.requests.map(({ region }) => region)).toEqual(['cn-hangzhou', 'cn-shanghai']);
  expect(new Set(kms.endpoints.map(({ port }) => port)).size).toBe(2);
  expect(() => kms.endpoint('mars')).toThrow('no region mars: it was started with cn-hangzhou, cn-shanghai');
});

test.each(['expired', 'wrongName', 'otherCa', 'selfSigned'] as const)(
  'a client that checks sends nothing over an %s certificate',
  async (of) => {
    await using kms = await startFakeKms();
    kms.fault({ kind: 'certificate', of });

    await expect(askAcs3({ kms, parameters })).rejects.toMatchObject({ code: expect.stringMatching(/CERT|SIGN/) });

    expect([kms.requests.length, kms.badCertificateRequests]).toEqual([0, 0]);
  },
);

test('a client that does not check is caught', async () => {
  await using kms = await startFakeKms();
  kms.fault({ kind: 'certificate', of: 'selfSigned' });

  await new Promise((resolve, reject) => {
    const { url } = kms.endpoint('cn-hangzhou');
    request(url, { rejectUnauthorized: false, agent: false }, (answer) => answer.resume().once('end', resolve))
      .once('error', reject)
      .end();
  });

  expect(kms.badCertificateRequests).toBe(1);
});

test('a missing intermediate is enough for a client that has the second authority', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-one');
  const fault = kms.fault({ kind: 'certificate', of: 'leafOnly' });

  const { status } = await askAcs3({ kms, parameters });

  expect([status, fault.hits, kms.badCertificateRequests]).toEqual([200, 1, 0]);
});

test('a healed certificate is right for the next connection', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-one');
  const fault = kms.fault({ kind: 'certificate', of: 'expired' });
  await expect(askAcs3({ kms, parameters })).rejects.toThrow('expired');

  fault.heal();

  expect((await askAcs3({ kms, parameters })).status).toBe(200);
});

test('a stopped region refuses connections and drops those it had, and comes back at the same port', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-one');
  const { port } = kms.endpoint('cn-hangzhou');
  kms.fault({ kind: 'hang' }, { times: 1 });
  const hanging = askAcs3({ kms, parameters });
  hanging.catch(() => undefined);
  while (kms.requests.length === 0) await setImmediate();

  await kms.stop('cn-hangzhou');
  await kms.stop('cn-hangzhou');

  await expect(hanging).rejects.toMatchObject({ code: 'ECONNRESET' });
  await expect(askAcs3({ kms, parameters })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await kms.start('cn-hangzhou');
  await kms.start('cn-hangzhou');
  expect(kms.endpoint('cn-hangzhou').port).toBe(port);
  expect((await askAcs3({ kms, parameters })).status).toBe(200);
});

test('it listens on loopback alone', async () => {
  await using kms = await startFakeKms();
  const { port, endpoint } = kms.endpoint('cn-hangzhou');

  const refused = await new Promise((resolve) => {
    connect({ port, host: '127.0.0.2' })
      .once('error', () => resolve(true))
      .once('connect', () => resolve(false));
  });

  expect(endpoint).toBe(`127.0.0.1:${port}`);
  // Were it bound to every address, 127.0.0.2 would reach it too.
  expect(refused).toBe(true);
});

test('over plain HTTP there is no TLS and no CA to trust', async () => {
  await using kms = await startFakeKms({ plainHttp: true });
  kms.put('prod/db', 's3cret-one');

  const { status } = await askAcs3({ kms, parameters });

  expect([status, kms.handshakes]).toEqual([200, 0]);
  expect(kms.endpoint('cn-hangzhou').url).toMatch(/^http:/);
  expect(kms.environment()['cache_client_region_id']).not.toContain('caFilePath');
});

test('the environment and the properties say where it is and who may ask', async () => {
  await using kms = await startFakeKms({ regions: ['cn-hangzhou', 'cn-shanghai'] });
  const [one, other] = kms.endpoints;

  const { cache_client_region_id: regions, ...identity } = kms.environment();

  expect(identity).toEqual({
    credentials_type: 'ak',
    credentials_access_key_id: kms.accessKey.accessKeyId,
    credentials_access_secret: kms.accessKey.accessKeySecret,
  });
  expect(JSON.parse(regions ?? '')).toEqual([
    { regionId: 'cn-hangzhou', endpoint: one?.endpoint, caFilePath: kms.caFilePath },
    { regionId: 'cn-shanghai', endpoint: other?.endpoint, caFilePath: kms.caFilePath },
  ]);
  expect(kms.properties()).toContain(`credentials_type=ak\n`);
  expect(kms.properties()).toContain(`cache_client_region_id=[{"regionId":"cn-hangzhou",`);
});

test('its files are for their owner alone, and gone when it is closed', async () => {
  const kms = await startFakeKms();
  const file = kms.writeProperties();

  expect(readFileSync(file, 'utf8')).toBe(kms.properties());
  expect(readFileSync(kms.caFilePath, 'utf8')).toBe(kms.caPem);
  expect([file, kms.caFilePath].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
  await kms.close();
  expect(existsSync(dirname(kms.caFilePath))).toBe(false);
});

test('a file that others could read is closed to them when it is written over', async () => {
  await using kms = await startFakeKms();
  const file = join(dirname(kms.caFilePath), 'old.properties');
  writeFileSync(file, '', { mode: 0o644 });

  kms.writeProperties(file);

  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a directory of the caller is kept, without what the fake wrote there', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fake-kms-test-'));
  const kms = await startFakeKms({ directory });
  const elsewhere = kms.writeProperties(join(directory, 'elsewhere.properties'));

  expect([dirname(kms.caFilePath), existsSync(elsewhere)]).toEqual([directory, true]);
  await kms.close();
  expect(readdirSync(directory)).toEqual([]);
  rmSync(directory, { recursive: true });
});

test('closing ends what hangs, and may be done twice', async () => {
  const kms = await startFakeKms();
  kms.put('prod/db', 's3cret-one');
  kms.fault({ kind: 'slow', ms: 2_000_000 });
  const asked = askAcs3({ kms, parameters });
  asked.catch(() => undefined);
  while (kms.requests.length === 0) await setImmediate();

  await kms.close();
  await kms.close();

  await expect(asked).rejects.toMatchObject({ code: 'ECONNRESET' });
  while (kms.openRequests > 0) await setImmediate();
  await expect(askAcs3({ kms, parameters })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('its keys cannot be taken for real ones, and differ from one start to the next', async () => {
  await using one = await startFakeKms();
  await using other = await startFakeKms();

  expect(one.accessKey.accessKeyId).toMatch(/^FakeAccessKeyId/);
  expect(one.accessKey.accessKeySecret).toMatch(/^FakeAccessKeySecret/);
  expect(one.accessKey).not.toEqual(other.accessKey);
});

test('a key, a clock and a port of the caller are taken', async () => {
  const accessKey = { accessKeyId: 'FakeMine', accessKeySecret: 'FakeMineSecret' };
  let first: FakeKms | undefined = await startFakeKms();
  const { port } = first.endpoint('cn-hangzhou');
  await first.close();
  first = undefined;

  await using kms = await startFakeKms({ accessKey, clock: { date: () => Date.UTC(2030, 0, 1) }, port });
  kms.put('prod/db', 's3cret-one');

  const { status, text } = await askAcs3({ kms, parameters });
  expect([kms.endpoint('cn-hangzhou').port, status, text.includes('"CreateTime":"2030-01-01T00:00:00Z"')]).toEqual([
    port,
    200,
    true,
  ]);
  expect(kms.requests).toMatchObject([{ at: Date.UTC(2030, 0, 1), accessKeyId: 'FakeMine' }]);
});

test('a port that is taken fails the start, and leaves no other region open', async () => {
  await using pair = await twoPorts();
  await pair.stop('cn-hangzhou');
  const { port } = pair.endpoint('cn-hangzhou');

  await expect(startFakeKms({ port, regions: ['cn-beijing', 'cn-chengdu'] })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });

  await pair.start('cn-hangzhou'); // it could not, if cn-beijing had kept the port
});

test.each<[FakeKmsOptions, string]>([
  [{ regions: [] }, 'one region at least'],
  [{ regions: ['a', 'a'] }, 'named twice'],
  [{ regions: ['not a region'] }, 'is no region id'],
  [{ port: -1 }, 'whole number'],
  [{ port: 65_535, regions: ['a', 'b'] }, 'whole number'],
  [{ quota: 0 }, 'one request a second'],
])('options %j are refused', async (options, sentence) => {
  await expect(startFakeKms(options)).rejects.toThrow(sentence);
});

/** A fake on two ports in a row. Somebody may have taken the second one, so it is tried until one has both. */
async function twoPorts(): Promise<FakeKms> {
  await using probe = await startFakeKms();
  const { port } = probe.endpoint('cn-hangzhou');
  await probe.stop('cn-hangzhou');
  return startFakeKms({ port, regions: ['cn-hangzhou', 'cn-shanghai'] }).catch(twoPorts);
}
