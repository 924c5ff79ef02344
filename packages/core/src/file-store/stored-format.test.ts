// Golden vectors of docs/store-format.md. A failure here means that existing folders become unreadable: a change of the
// format needs a new version byte beside the old one.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { fileStore } from './file-store.ts';
import { freshPath, goldenKey, openRaw, stored, versionIn, writeRaw } from '../seal/stored-secret.fixture.ts';

const names = ['db', 'removed', 'all-removed'];

const golden = {
  // Three secrets.
  '74257fce87a4243c-32e23f2961549545.v1': [
    'S01TUwEAAADdAAAAAACjAmA4KbDqCc2TE1TSY7u15tSCs/gV4CVCZfxqP4iExAEBdCV/zoekJDxCebfKmQcAAELA/HU3kcbN',
    '6IkscErRLMZBrhPEBTNh2MihIIHN4NLIvnobLD8CQD2F1pIi+2mpU915pOtc6lb8C7oDMdACgnthIur+wZIFBBABGGSlzpFk',
    'bEVwQ+lkmht9TJu7Nby3FEvrLB6vua7jtfDYjdSBZ8GUwXRuYGSffs6fKt+rcH1SE1moCiUCoeTY3Z5UqdKrRdmZq7L/yKbX',
    '6P+uVKzCeLJOiOD8aSwAAADnAAAAAACFGdun8YSzSf5206D9vy1iTNKU8df0fOy6iDIXjYzO0AEBdCV/zoekJDxCebfKmQcA',
    'AIgiJovzvaEVNTR+XSdrNFsDKXTXAEUSb7QPa6tIoy6pZfnuUdk7XqvRgKOFK3aTMSXi3WL3c1JT33H1OMDcJFdjE4W9WzBk',
    'K5UUxvpJE4n15RK6i5mNFOUszzX9bBLgEc7IhZADxUmyVvNNZjNf2Jdl/x3i1AHnOjg5oxNtJeIMEZ/rjVGBO/awyjaplINe',
    'agQTH5ES87z7DipVGIhIh2VNCP9lvlxN3fTOKSnX9T7zAAAA7wAAAAAAwbplkVe/4baABodGvYCnFz6oI/o/JlvlHPf/pk+R',
    'qCIBAXQlf86HpCQ8Qnm3ypkHAADOVqkf3UMuHfWWJRT+/9GiUq7n3j1dhftr8tBJVnVkA2A2YdH5G3KjbjumB0sIjYEy/qLV',
    'w2QxMiPpKwEJU3N8hcMqjNucoCRz/5Mb0cRXK36LBQZ303iJVMVbkjs73BoOlB3xbgwGf6xNSVAHCzHmLum7j7/XWo0LWrOE',
    '/vSMKIzhxU7I+mIQYJcEAzCJvwLTPjHDgsdyYa9VUtl4wc4HeQyaYP9KlT8B9c0TVbsyVzBOgjjYhe5Z',
  ].join(''),
  // Tombstones of `removed` (one request) and of `all-removed` (all of the name), and `db`.
  '74257fce87a4243c-50b557434fa1ff20.v1': [
    'S01TUwEAAABlAQAAAAGFGdun8YSzSf5206D9vy1iTNKU8df0fOy6iDIXjYzO0AECdCV/zoekJDxCeiKIGAbQAPJ7JYcngzQn',
    '6AZ5MGutPwwmO/LDBSY6iBvG20aPgaVKysO0DaCbEuP6c1MEw3QAAABpAgAAAAHBumWRV7/htoAGh0a9gKcXAAAAAAAAAAAA',
    'AAAAAAAAAAECdCV/zoekJDxCeiKIGAbQAEsBj8r4qUGJ35XDTpShC3MYZBw2Uotb3q+5RoE8c+BQc1lSm+RGLMqGl9GIERib',
    'IAWIAAAA3QAAAAAAowJgOCmw6gnNkxNU0mO7tebUgrP4FeAlQmX8aj+IhMQBAXQlf86HpCQ8Qnm3ypkHAABCwPx1N5HGzeiJ',
    'LHBK0SzGQa4TxAUzYdjIoSCBzeDSyL56Gyw/AkA9hdaSIvtpqVPdeaTrXOpW/Au6AzHQAoJ7YSLq/sGSBQQQARhkpc6RZGxF',
    'cEPpZJobfUybuzW8txRL6ywer7mu47Xw2I3UgWfBlMF0bmBkn37Onyrfq3B9UhNZqAolAqHk2N2eVKnSq0XZmauy/8im1+j/',
    'rlSswniyTojg/Gks',
  ].join(''),
};

async function goldenFolder(...files: readonly (keyof typeof golden)[]): Promise<string> {
  const path = await freshPath();
  await mkdir(path, { mode: 0o700 });
  await Promise.all(files.map((file) => writeRaw(path, file, Buffer.from(golden[file], 'base64'))));
  return path;
}

test('reads a pack of format version 1', async () => {
  const store = fileStore({ path: await goldenFolder('74257fce87a4243c-32e23f2961549545.v1'), key: goldenKey });

  expect(await Promise.all(names.map((name) => versionIn(store, name)))).toEqual(['v1', 'v1', 'v1']);
});

test('applies the tombstones of format version 1', async () => {
  const path = await goldenFolder('74257fce87a4243c-32e23f2961549545.v1', '74257fce87a4243c-50b557434fa1ff20.v1');
  const store = fileStore({ path, key: goldenKey });

  expect(await Promise.all(names.map((name) => versionIn(store, name)))).toEqual(['v1', undefined, undefined]);
});

/** The records of the only pack in a folder, by the layout of docs/store-format.md and without any of our own code. */
async function recordsIn(path: string): Promise<{ head: string; sealed: Buffer }[]> {
  const [file = '', ...others] = await readdir(path);
  expect(file).toMatch(/^74257fce87a4243c-[\da-f]{16}\.v1$/u);
  expect(others).toEqual([]);
  const bytes = await readFile(join(path, file));
  expect(bytes.toString('latin1', 0, 5)).toBe('KMSS\u0001');
  const records: { head: string; sealed: Buffer }[] = [];
  for (let at = 5; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    const record = bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at));
    records.push({ head: record.toString('hex', 0, 37), sealed: record.subarray(37) });
  }
  return records;
}

const dbHash = 'a302603829b0ea09cd931354d263bbb5';
const dbRequestHash = 'e6d482b3f815e0254265fc6a3f8884c4';

test('writes a secret in format version 1', async () => {
  const path = await freshPath();
  const store = fileStore({ path, key: goldenKey });
  await store.write({ name: 'db' }, stored());

  const [record] = await recordsIn(path);

  expect(record?.head).toBe(`0000000000${dbHash}${dbRequestHash}`);
  expect(openRaw(record?.sealed ?? Buffer.alloc(0), `${dbHash}${dbRequestHash}\0\0\0\0\0`)).toBe(
    '{"request":["db",null,null],"secret":{"name":"db","versionId":"v1","stages":["ACSCurrent"],"type":"Generic",' +
      '"dataType":"text","createdAt":1767323045000}}\ns3cret-one',
  );
});

test.each([
  ['a request', 'remove', '01', dbRequestHash, 'removed'],
  ['a whole secret', 'removeAll', '02', '0'.repeat(32), 'removedAll'],
] as const)('writes the tombstone of %s in format version 1', async (...[, operation, kind, requestHash, context]) => {
  const path = await freshPath();
  const store = fileStore({ path, key: goldenKey, clock: new FakeClock({ date: 1_767_323_046_000 }) });
  await store.write({ name: 'db' }, stored());
  await (operation === 'remove' ? store.remove({ name: 'db' }) : store.removeAll('db'));

  const [record] = await recordsIn(path);

  expect(record?.head).toBe(`${kind}00000001${dbHash}${requestHash}`);
  expect(record?.sealed.readDoubleBE(10)).toBe(1_767_323_046_000);
  expect(openRaw(record?.sealed ?? Buffer.alloc(0), `${context} 1 ${dbHash} ${requestHash}`)).toBe('{"name":"db"}');
});

test('keeps the salt of a passphrase in a file of 16 bytes', async () => {
  const path = await goldenFolder();
  await writeRaw(path, 'salt', Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'));
  await fileStore({ path, passphrase: 's3cret-passphrase' }).write({ name: 'db' }, stored());

  const files = (await readdir(path)).map((file) => file.replace(/-.+/u, ''));

  expect(files.toSorted()).toEqual(['cd49943fa73f62f8', 'salt']);
});
