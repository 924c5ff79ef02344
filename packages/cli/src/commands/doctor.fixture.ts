import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, vi } from 'vitest';

/** A client key file whose key is an elliptic curve key, which KMS does not issue, with the password `password-1`. */
export function ellipticClientKey(folder: string): string {
  const [key, certificate, container] = ['ec.pem', 'ec-cert.pem', 'ec.p12'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const openssl = (...args: readonly string[]): Buffer => execFileSync('openssl', args, { stdio: 'pipe' });
  openssl('ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out', key);
  openssl('req', '-x509', '-new', '-key', key, '-subj', '/CN=KAAP.test', '-days', '30', '-out', certificate);
  openssl('pkcs12', '-export', '-inkey', key, '-in', certificate, '-passout', 'pass:password-1', '-out', container);
  const file = join(folder, 'ec-client-key.json');
  const PrivateKeyData = readFileSync(container).toString('base64');
  writeFileSync(file, JSON.stringify({ KeyId: 'KAAP.11111111-2222-3333-4444-555555555555', PrivateKeyData }));
  return file;
}

/** The address of a port that nothing listens on. */
export async function closedAddress(): Promise<string> {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  server.close();
  return `127.0.0.1:${port}`;
}

const closing: (() => void)[] = [];

/** Closes what the functions of this file have started. */
export function closeAll(): void {
  for (const close of closing) close();
}

export async function refusingProxy(): Promise<string> {
  const server = http.createServer().listen(0, '127.0.0.1');
  server.on('connect', (_, socket) =>
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n'),
  );
  closing.push(() => server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The address of the metadata service cannot be configured: requests to it go to the fake, which gets none for a token. */
export function redirectMetadata(kms: FakeKms): void {
  const { request } = http;
  closing.push(() => void (http.request = request));
  http.request = ((options: http.RequestOptions, ...more: never[]) => {
    if (options.host !== '100.100.100.200') return request(options, ...more);
    const { hostname, port } = new URL(kms.metadata.url);
    const path = options.method === 'PUT' ? '/too-far' : options.path;
    return request({ ...options, host: hostname, port, path }, ...more);
  }) as typeof request;
}

/** A Redis whose primary is unavailable: a replica, which is read-only. */
export async function readOnlyRedis(folder: string): Promise<string> {
  const [address, primary] = [await closedAddress(), await closedAddress()];
  const port = address.split(':')[1] ?? '';
  const replica = primary.split(':');
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', folder, '--replicaof', ...replica];
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  closing.push(() => server.kill());
  let output = '';
  server.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await vi.waitFor(() => expect(output).toContain('Ready to accept connections'), { timeout: 20_000 });
  return `redis://${address}`;
}
