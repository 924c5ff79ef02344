// Golden vectors of docs/store-format.md. A failure here means that a fleet cannot be upgraded process by process: a
// change of the format needs a new version byte beside the old one.
import { createDecipheriv } from 'node:crypto';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { fleet, messagesOf, stored } from './fleet.fixture.ts';

const date = 1_767_323_046_000;
const key = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const sealKey = 'a3c0fd1f8b0ee1a215b858981223e1204ab461d1d9914276f5a1793fc14e8cd2';
const request = { name: 'prod/db', stage: 'ACSCurrent' };
const hash = 'my-app:74257fce87a4243c:9412cf1a2f4bc4e2af04d1d27334ef74';
const requestHash = 'c21d91fbd3e2c13ef20c33789ea01cd3';
const field = `${requestHash}.v1`;
const leaseKey = 'my-app:lease:74257fce87a4243c:c21d91fbd3e2c13ef20c33789ea01cd3';
const channel = 'my-app:news';

const golden = {
  secret: [
    'AQF0JX/Oh6QkPEJ5t8qZBwAAlfGUWbVgsFgSKNyYb2t2ZRzhiByAz2XDvss+3D5iijcXfcfLiI9muIOdZyEOAqkRSS6GT8zf',
    'dHy7OlKt8pLxuGcB1h7Ellpw2J6/+uBl4RXTJbUvjW/260Djam3QFiUIurS2pMoG+BpuGg/I/lNK8+p02cMCFAJAu0/9U3xa',
    '8vS2/bjumCzbiM6+SW+L5StRoOok7FXmexYCuoE8iXiu7aGiIYffI/rUvezAyq5c7JM/+fsavjQpIr8XKZlBUm4WmlTGYyea',
    'zMCf/KiQtboZBEB2',
  ].join(''),
  written: [
    'AQJ0JX/Oh6QkPEJ5t8qZBwAAXv+1V+HVU50cq+uxLO8YkItk8zNsXalB8u9ck5q42Z0ckCvmf4FiPfxUdhi7BG0CDLK1aEra',
    '7zHok2FdqulteBTiAGvH86ncIlXjlZ9xNTJ8MkdpApPUiia6tBg/X0Ey73xOD6tww4zf2qQJ/W2ROtM8OIUYVB9QnWu8gkfF',
    '7F18pOC1T9B66aBSywmWHuDnH8BTBK9Dnsqr36lEyWQC9YmaPkL1t68fXFhna+ihygA5gIJAia5Vn4JFsLi6cSeHr42H0Jge',
    'z+NyPjs=',
  ].join(''),
  removed: [
    'AQJ0JX/Oh6QkPEJ5t8qZBwAAdzsX3dEmNzjaBg5PXPsv7N2GM0qlL1FgxLPvD/1yXiVKQ5TMmNAT/pUvNBCBlmpggri1Utmz',
    'fKaZmErylsntjyxzoc/IDLLWpkB+yBCV2iUiHpAp5pI0nBXkO1tL1IfebsvZBNYioLW5jxFHBQ==',
  ].join(''),
};

function goldenFleet(): ReturnType<typeof fleet> {
  return fleet({ key, prefix: 'my-app', clock: new FakeClock({ date }) });
}

/** Decrypts what `key` sealed. Follows docs/store-format.md and shares no code with the package. */
function openRaw(sealed: Buffer, associatedData: string): string {
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(sealKey, 'hex'), sealed.subarray(18, 30));
  decipher.setAAD(Buffer.concat([sealed.subarray(0, 30), Buffer.from(associatedData)]));
  decipher.setAuthTag(sealed.subarray(-16));
  return decipher.update(sealed.subarray(30, -16), undefined, 'utf8') + decipher.final('utf8');
}

test('reads an entry of format version 1', async () => {
  const { admin, one } = await goldenFleet();
  await admin.hset(hash, field, Buffer.from(golden.secret, 'base64'));

  const found = await one.read(request);

  expect(found?.value === 's3cret-one').toBe(true);
  expect(found).toEqual(stored({ name: 'prod/db' }));
});

test('writes an entry in format version 1', async () => {
  const { admin, one } = await goldenFleet();

  await one.write(request, stored({ name: 'prod/db' }));

  const sealed = await admin.hgetBuffer(hash, field);
  expect(await admin.keys('*')).toEqual([hash]);
  expect(await admin.hkeys(hash)).toEqual([field]);
  expect(sealed?.toString('hex', 0, 18)).toBe('010174257fce87a4243c4279b7ca99070000');
  expect(openRaw(sealed ?? Buffer.alloc(0), `${hash.split(':')[2]}${requestHash}my-app`)).toBe(
    '{"request":["prod/db","ACSCurrent",null],"secret":{"name":"prod/db","versionId":"v1","stages":["ACSCurrent"],' +
      '"type":"Generic","dataType":"text","createdAt":1767323045000}}\ns3cret-one',
  );
});

test('derives the key of a passphrase with the salt of its prefix', async () => {
  const { admin, one } = await fleet({ key: undefined, passphrase: 's3cret-passphrase', prefix: 'my-app' });

  await one.write(request, stored());

  expect(await admin.keys('*')).toEqual(['my-app:1594c4825713b59a:5e0e84d6ce618c3cba778deea4245d95']);
});

test('leases a request under a key of its own', async () => {
  const { admin, one } = await goldenFleet();

  await one.lease?.(request, 60_000);

  expect(await admin.keys('*')).toEqual([leaseKey]);
  expect(await admin.get(leaseKey)).toMatch(/^[\w-]{16}$/u);
});

test('receives messages of format version 1', async () => {
  const { admin, other } = await goldenFleet();

  await admin.publish(channel, Buffer.from(golden.written, 'base64'));
  await admin.publish(channel, Buffer.from(golden.removed, 'base64'));
  await other.emitted('removed');

  expect(other.events).toEqual([
    { kind: 'written', request, fetchedAt: date },
    { kind: 'removed', name: 'prod/db' },
  ]);
});

test('sends messages in format version 1', async () => {
  const { server, one } = await goldenFleet();
  const messages = await messagesOf(server, channel);

  await one.write(request, stored());
  await one.removeAll('prod/db');
  await expect.poll(() => messages.length).toBe(2);

  const texts = messages.map((message) => openRaw(message, 'news on my-app:news'));
  const from = (JSON.parse(texts[0] ?? '{}') as { from: string }).from;
  expect(messages[0]?.toString('hex', 0, 18)).toBe('010274257fce87a4243c4279b7ca99070000');
  expect(from).toMatch(/^[\w-]{16}$/u);
  expect(texts).toEqual([
    `{"version":1,"from":"${from}","count":1,"name":"prod/db","versionId":"v1","refused":false,` +
      `"request":{"name":"prod/db","stage":"ACSCurrent"},"fetchedAt":${date}}`,
    `{"version":1,"from":"${from}","count":2,"name":"prod/db","refused":true}`,
  ]);
});
