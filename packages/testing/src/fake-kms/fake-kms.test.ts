import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect as connectTls } from 'node:tls';

import { expect, test } from 'vitest';

import { formatDate } from './settable-clock.ts';
import { startFakeKms } from './start-fake-kms.ts';
import type { FakeKms } from './fake-kms.ts';
import { sendAcs3, sendRpc } from './test-client.fixture.ts';

const parameters = { SecretName: 'prod/db' };

test('serves a secret over TLS with its own CA, in both OpenAPI protocols', async () => {
  await using kms = await startFakeKms();
  const versionId = kms.put('prod/db', 's3cret-one');

  const responses = [await sendAcs3({ kms, parameters }), await sendRpc({ kms, parameters })];

  for (const { status, text } of responses) {
    expect(status).toBe(200);
    expect(text.includes(versionId) && text.includes('s3cret-one')).toBe(true);
  }
  expect(kms.handshakes).toBe(2);
});

test('rotate throws for a value outside the options, which it would ignore', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-one');

  expect(() => kms.rotate('prod/db', 's3cret-two' as never)).toThrow(/expected options such as/u);
});

test('the certificates of regions and STS hold the host names of the service', async () => {
  await using kms = await startFakeKms({ regions: ['cn-hangzhou', 'cn-shanghai'] });
  const { port } = kms.endpoint('cn-shanghai');
  const stsPort = Number(new URL(kms.sts.url).port);

  expect(await hostNamesAt(port, kms.caPem)).toEqual([
    'kms.cn-shanghai.aliyuncs.com',
    'kms-vpc.cn-shanghai.aliyuncs.com',
    'localhost',
  ]);
  expect(await hostNamesAt(stsPort, kms.caPem)).toEqual([
    'sts.aliyuncs.com',
    'sts.cn-hangzhou.aliyuncs.com',
    'sts-vpc.cn-hangzhou.aliyuncs.com',
    'sts.cn-shanghai.aliyuncs.com',
    'sts-vpc.cn-shanghai.aliyuncs.com',
    'localhost',
  ]);
});

test('rejects an expiry that is not a number', async () => {
  await using kms = await startFakeKms();
  const expiresAt = '16m' as unknown as number;
  const key = { accessKeyId: 'STS.a', accessKeySecret: 'b', securityToken: 'c' };

  expect(() => kms.addStsKey({ ...key, expiresAt })).toThrow('expiresAt of a temporary key must be');
  expect(() => kms.createClientKey({ gateway: 'both', expiresAt })).toThrow('expiresAt of a client key must be');
  expect(() => kms.sts.registerOidcToken({ providerArn: 'a', token: 'b', expiresAt })).toThrow('expiresAt of an OIDC');
  expect(() => kms.metadata.attachRole('role', { lifetime: expiresAt })).toThrow('lifetime of a role must be');
});

test('rejects a request of a clock that is 16 minutes off', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-one');
  const date = formatDate(kms.clock.date());

  kms.clock.pass('16m');

  expect((await sendAcs3({ kms, parameters, date })).text).toContain('InvalidTimeStamp.Expired');
});

test('STS uses stsPort, and a start that fails leaves no port open', async () => {
  const first = await startFakeKms();
  const port = Number(new URL(first.sts.url).port);
  const kmsPort = first.endpoint('cn-hangzhou').port;
  await first.stop('cn-hangzhou');

  // STS fails after the region has opened its port.
  await expect(startFakeKms({ port: kmsPort, stsPort: port })).rejects.toThrow('EADDRINUSE');
  await first.start('cn-hangzhou');
  await first.close();
  await using kms = await startFakeKms({ port: kmsPort, stsPort: port });

  expect(kms.sts.endpoint).toBe(`127.0.0.1:${port}`);
});

test('a start whose directory cannot be written leaves no port open', async () => {
  const first = await startFakeKms();
  const { port } = first.endpoint('cn-hangzhou');
  await first.close();

  await expect(startFakeKms({ port, directory: '/dev/null/files' })).rejects.toThrow('ENOTDIR');
  await using kms = await startFakeKms({ port });

  expect(kms.endpoint('cn-hangzhou').port).toBe(port);
});

async function hostNamesAt(port: number, ca: string): Promise<string[]> {
  const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', ca });
  await once(socket, 'secureConnect');
  const names = socket.getPeerCertificate().subjectaltname ?? '';
  socket.destroy();
  return [...names.matchAll(/DNS:([^,]+)/g)].map(([, name = '']) => name);
}

test('serves the same secrets on one port per region', async () => {
  await using kms = await startFakeKms({ regions: ['cn-hangzhou', 'cn-shanghai'] });
  kms.put('prod/db', 's3cret-one');

  const responses = [
    await sendAcs3({ kms, region: 'cn-hangzhou', parameters }),
    await sendAcs3({ kms, region: 'cn-shanghai', parameters }),
  ];

  expect(responses.map(({ status }) => status)).toEqual([200, 200]);
  expect(kms.requests.map(({ region }) => region)).toEqual(['cn-hangzhou', 'cn-shanghai']);
  expect(new Set(kms.endpoints.map(({ port }) => port)).size).toBe(2);
  expect(() => kms.endpoint('mars')).toThrow(
    'no region or instance mars. It was started with cn-hangzhou, cn-shanghai',
  );
});

test.each(['expired', 'wrongName', 'otherCa', 'selfSigned'] as const)(
  'a verifying client sends no request over an %s certificate',
  async (of) => {
    await using kms = await startFakeKms();
    kms.fault({ kind: 'certificate', of });

    await expect(sendAcs3({ kms, parameters })).rejects.toMatchObject({ code: expect.stringMatching(/CERT|SIGN/) });

    expect([kms.requests.length, kms.badCertificateRequests]).toEqual([0, 0]);
  },
);

test('counts the requests of a client that does not verify', async () => {
  await using kms = await startFakeKms();
  kms.fault({ kind: 'certificate', of: 'selfSigned' });

  await new Promise((resolve, reject) => {
    const { url } = kms.endpoint('cn-hangzhou');
    request(url, { rejectUnauthorized: false, agent: false }, (response) => response.resume().once('end', resolve))
      .once('error', reject)
      .end();
  });

  expect(kms.badCertificateRequests).toBe(1);
});

test('leafOnly is valid for a client that has the intermediate CA', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-one');
  const fault = kms.fault({ kind: 'certificate', of: 'leafOnly' });

  const { status } = await sendAcs3({ kms, parameters });

  expect([status, fault.hits, kms.badCertificateRequests]).toEqual([200, 1, 0]);
});

test('heals a certificate fault for new connections', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-one');
  const fault = kms.fault({ kind: 'certificate', of: 'expired' });
  await expect(sendAcs3({ kms, parameters })).rejects.toThrow('expired');

  fault.heal();

  expect((await sendAcs3({ kms, parameters })).status).toBe(200);
});

test('stop() drops connections, start() reopens the same port', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-one');
  const { port } = kms.endpoint('cn-hangzhou');
  kms.fault({ kind: 'hang' }, { times: 1 });
  const hanging = sendAcs3({ kms, parameters });
  hanging.catch(() => undefined);
  await expect.poll(() => kms.requests.length).toBe(1);

  await kms.stop('cn-hangzhou');
  await kms.stop('cn-hangzhou');

  await expect(hanging).rejects.toMatchObject({ code: 'ECONNRESET' });
  await expect(sendAcs3({ kms, parameters })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await kms.start('cn-hangzhou');
  await kms.start('cn-hangzhou');
  expect(kms.endpoint('cn-hangzhou').port).toBe(port);
  expect((await sendAcs3({ kms, parameters })).status).toBe(200);
});

test('listens on 127.0.0.1 only', async () => {
  await using kms = await startFakeKms();
  const { port, endpoint } = kms.endpoint('cn-hangzhou');

  const refused = await new Promise((resolve) => {
    connect({ port, host: '127.0.0.2' })
      .once('error', () => resolve(true))
      .once('connect', () => resolve(false));
  });

  expect(endpoint).toBe(`127.0.0.1:${port}`);
  // 127.0.0.2 would connect if the server listened on all addresses.
  expect(refused).toBe(true);
});

test('plainHttp serves without TLS and without a CA file', async () => {
  await using kms = await startFakeKms({ plainHttp: true });
  kms.put('prod/db', 's3cret-one');

  const { status } = await sendAcs3({ kms, parameters });

  expect([status, kms.handshakes]).toEqual([200, 0]);
  expect(kms.endpoint('cn-hangzhou').url).toMatch(/^http:/);
  expect(kms.environment()['cache_client_region_id']).not.toContain('caFilePath');
});

test('writes owner-only files and removes them on close', async () => {
  const kms = await startFakeKms();
  const file = kms.writeProperties();

  expect(readFileSync(file, 'utf8')).toBe(kms.properties());
  expect(readFileSync(kms.caFilePath, 'utf8')).toBe(kms.caPem);
  expect([file, kms.caFilePath].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
  await kms.close();
  expect(existsSync(dirname(kms.caFilePath))).toBe(false);
});

test('makes an overwritten file owner-only', async () => {
  await using kms = await startFakeKms();
  const file = join(dirname(kms.caFilePath), 'old.properties');
  writeFileSync(file, '', { mode: 0o644 });

  kms.writeProperties(file);

  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('keeps a given directory, without its own files', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fake-kms-test-'));
  const kms = await startFakeKms({ directory });
  const elsewhere = kms.writeProperties(join(directory, 'elsewhere.properties'));

  expect([dirname(kms.caFilePath), existsSync(elsewhere)]).toEqual([directory, true]);
  await kms.close();
  expect(readdirSync(directory)).toEqual([]);
  rmSync(directory, { recursive: true });
});

test('close() ends pending responses and is idempotent', async () => {
  const kms = await startFakeKms();
  kms.put('prod/db', 's3cret-one');
  kms.fault({ kind: 'slow', ms: 2_000_000 });
  const pending = sendAcs3({ kms, parameters });
  pending.catch(() => undefined);
  await expect.poll(() => kms.requests.length).toBe(1);

  await kms.close();
  await kms.close();

  await expect(pending).rejects.toMatchObject({ code: 'ECONNRESET' });
  await expect.poll(() => kms.openRequests).toBe(0);
  await expect(sendAcs3({ kms, parameters })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('generates a new, recognizably fake access key', async () => {
  await using one = await startFakeKms();
  await using other = await startFakeKms();

  expect(one.accessKey.accessKeyId).toMatch(/^FakeAccessKeyId/);
  expect(one.accessKey.accessKeySecret).toMatch(/^FakeAccessKeySecret/);
  expect(one.accessKey).not.toEqual(other.accessKey);
});

test('uses the given access key, clock and port', async () => {
  const accessKey = { accessKeyId: 'FakeCustom', accessKeySecret: 'FakeCustomSecret' };
  const first = await startFakeKms();
  const { port } = first.endpoint('cn-hangzhou');
  await first.close();

  await using kms = await startFakeKms({ accessKey, clock: { date: () => Date.UTC(2030, 0, 1) }, port });
  kms.put('prod/db', 's3cret-one');

  const { status, text } = await sendAcs3({ kms, parameters });
  expect([kms.endpoint('cn-hangzhou').port, status, text.includes('"CreateTime":"2030-01-01T00:00:00Z"')]).toEqual([
    port,
    200,
    true,
  ]);
  expect(kms.requests).toMatchObject([{ at: Date.UTC(2030, 0, 1), accessKeyId: 'FakeCustom' }]);
});

test('fails to start on a port in use, and closes its other ports', async () => {
  await using pair = await twoPorts();
  await pair.stop('cn-hangzhou');
  const { port } = pair.endpoint('cn-hangzhou');

  await expect(startFakeKms({ port, regions: ['cn-beijing', 'cn-chengdu'] })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });

  await pair.start('cn-hangzhou'); // fails if cn-beijing still has the port
});

/** A fake on two consecutive ports. Retries, because another process may use the second one. */
async function twoPorts(): Promise<FakeKms> {
  await using probe = await startFakeKms();
  const { port } = probe.endpoint('cn-hangzhou');
  await probe.stop('cn-hangzhou');
  return startFakeKms({ port, regions: ['cn-hangzhou', 'cn-shanghai'] }).catch(twoPorts);
}
