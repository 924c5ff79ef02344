// Why a connection fails, and the certificate authority of a URL.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isSecretError } from '@kms-secrets/core';
import { beforeAll, afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { firstKey, messageOf, stored, subscribeTo, versionIn } from './fleet.fixture.ts';
import type { RedisStoreOptions } from './options.ts';
import { freePort, redisOfTest } from './redis-server.fixture.ts';
import { redisStore } from './redis-store.ts';

/** The files of a certificate authority, and of a server certificate for 127.0.0.1 that it has signed. */
let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'redis-tls-'));
  const openssl = (...args: readonly string[]) => promisify(execFile)('openssl', args);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  const authority = ['-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=Test authority'];
  await openssl('req', '-x509', ...newKey, ...authority);
  const server = ['-keyout', file('server.key'), '-out', file('server.csr'), '-subj', '/CN=redis'];
  await openssl('req', ...newKey.slice(0, -2), ...server, '-addext', 'subjectAltName=IP:127.0.0.1');
  const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-copy_extensions', 'copy'];
  await openssl('x509', '-req', '-in', file('server.csr'), '-days', '30', ...signer, '-out', file('server.pem'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The port of a server with TLS. */
async function tlsRedis(): Promise<number> {
  const port = await freePort();
  const certificate = ['--tls-cert-file', file('server.pem'), '--tls-key-file', file('server.key')];
  await redisOfTest(
    '--tls-port',
    String(port),
    '--tls-auth-clients',
    'no',
    '--tls-ca-cert-file',
    file('ca.pem'),
    ...certificate,
  );
  return port;
}

function openStore(options: Partial<RedisStoreOptions>) {
  const store = redisStore({ key: firstKey, timeout: 10_000, ...options });
  onTestFinished(() => store.close());
  return subscribeTo(store);
}

test.each(['ca', 'caFilePath'])('trusts the certificate authority of the option %s', async (option) => {
  const port = await tlsRedis();
  const value = option === 'ca' ? await readFile(file('ca.pem'), 'utf8') : file('ca.pem');
  const { store } = openStore({ url: `rediss://127.0.0.1:${port}`, [option]: value });

  await store.write({ name: 'db' }, stored());

  expect(await versionIn(store, 'db')).toBe('v1');
});

describe('the error and the event of a connection that fails name the reason', () => {
  test.each<[string, () => Promise<Partial<RedisStoreOptions>>, string]>([
    ['an unknown host', async () => ({ url: 'redis://no-such-host.invalid:6379' }), 'the host name cannot be resolved'],
    [
      'a certificate of an unknown authority',
      async () => ({ url: `rediss://127.0.0.1:${await tlsRedis()}` }),
      'the certificate of Redis is not trusted; set caFilePath or ca, or tls.ca of the client',
    ],
    [
      'a certificate for another host',
      async () => ({ url: `rediss://localhost:${await tlsRedis()}`, caFilePath: file('ca.pem') }),
      'the certificate of Redis is for another host name (ERR_TLS_CERT_ALTNAME_INVALID)',
    ],
    [
      'a wrong password',
      async () => {
        const { port } = await redisOfTest('--requirepass', 's3cret-pass');
        return { url: `redis://default:s3cret-wrong@127.0.0.1:${port}` };
      },
      'Redis rejected the user name or password',
    ],
    [
      'no password',
      async () => ({ url: (await redisOfTest('--requirepass', 's3cret-pass')).url }),
      'Redis requires a password; set it in the URL or in the options of the client',
    ],
    [
      'no TLS at a port with TLS',
      async () => ({ url: `redis://127.0.0.1:${await tlsRedis()}` }),
      'the connection was reset; if Redis requires TLS, use rediss://',
    ],
  ])('%s', async (_, optionsOf, reason) => {
    const { store, events, emitted } = openStore({ ...(await optionsOf()), timeout: 10_000 });

    const message = await messageOf(store.read({ name: 'db' }));
    await emitted('unavailable');

    expect(message).toContain(`could not be read from ${store.name}: ${reason}`);
    expect(events[0]).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining(reason) });
    expect(message.includes('s3cret')).toBe(false);
  });
});

test('a connection that is not ready within its time names the reason later', async () => {
  const { store } = openStore({ url: `rediss://127.0.0.1:${await tlsRedis()}`, timeout: 10 });
  let message = '';
  for (; !message.includes('not trusted'); message = await messageOf(store.read({ name: 'db' }))) await setTimeout(10);

  expect(message).toMatch(/the certificate of Redis is not trusted; .+ \([A-Z_]+\)\. See \S+#err_store$/u);
});

describe('rejects', () => {
  const url = 'rediss://127.0.0.1:6379';
  const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';

  test.each<[string, Partial<RedisStoreOptions>, string]>([
    ['a CA without TLS', { url: 'redis://h', ca: pem }, 'ca (option): expected a url that begins with rediss://'],
    ['both options', { url, ca: pem, caFilePath: 'ca.pem' }, 'ca (option): expected only one of caFilePath, ca'],
    ['a path as text', { url, ca: '/ca.pem' }, 'ca (option): expected the text of a PEM file, not its path'],
    ['a private key', { url, ca: '-----BEGIN PRIVATE KEY-----\ns3cret' }, 'got no PEM certificate'],
    ['an invalid certificate', { url, ca: pem }, 'got an invalid certificate, number 1'],
    ['a file that is missing', { url, caFilePath: '/no/ca.pem' }, 'got a file that cannot be read (ENOENT)'],
  ])('%s', (_, options, message) => {
    let error: unknown;
    try {
      redisStore({ key: firstKey, ...options });
    } catch (thrown) {
      error = thrown;
    }

    expect(isSecretError(error, 'ERR_CONFIGURATION') && error.message).toContain(message);
    expect(String(error).includes('s3cret')).toBe(false);
  });
});
