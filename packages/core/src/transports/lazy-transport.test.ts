import { FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { lazyBatchTransport, lazyTransport } from './lazy-transport.ts';

const { signal } = new AbortController();

function transportWith(name: string): FakeTransport {
  const transport = new FakeTransport();
  transport.put(name, 'v1');
  return transport;
}

test('nothing is loaded before the first fetch, and once for all of them', async () => {
  let loads = 0;
  const late = lazyTransport('kms.example', async () => {
    loads += 1;
    return transportWith('db');
  });
  const loadsBefore = loads;

  const secrets = await Promise.all([late.fetch({ name: 'db' }, signal), late.fetch({ name: 'db' }, signal)]);
  await late.fetch({ name: 'db' }, signal);

  expect(loadsBefore).toBe(0);
  expect(secrets.map(({ name }) => name)).toEqual(['db', 'db']);
  expect(loads).toBe(1);
});

test('what could not be loaded is loaded again by the next fetch', async () => {
  let isShort = true;
  const late = lazyTransport('kms.example', async () => {
    if (isShort) throw new Error('EMFILE');
    return transportWith('db');
  });
  const failed = late.fetch({ name: 'db' }, signal);
  await expect(failed).rejects.toThrow('EMFILE');

  isShort = false;

  expect(await late.fetch({ name: 'db' }, signal)).toMatchObject({ name: 'db' });
});

test('closed while it is loaded, it is closed as soon as it is here', async () => {
  const loaded = transportWith('db');
  const late = lazyTransport('kms.example', async () => loaded);
  const fetching = late.fetch({ name: 'db' }, signal);

  await late.close();

  await fetching;
  expect(loaded.isClosed).toBe(true);
});

test('closed before anything was asked, it loads nothing; closed after that, it is closed', async () => {
  let loads = 0;
  const loaded = transportWith('db');
  const load = async (): Promise<FakeTransport> => {
    loads += 1;
    return loaded;
  };

  await lazyTransport('kms.example', load).close();
  const loadsOfClosed = loads;
  const late = lazyTransport('kms.example', load);
  await late.fetch({ name: 'db' }, signal);
  await late.close();

  expect(loadsOfClosed).toBe(0);
  expect(loaded.isClosed).toBe(true);
});

test('one that can fetch many does; another does not look as if it could', async () => {
  const late = lazyBatchTransport('kms.example', async () => ({
    endpoint: 'kms.example',
    fetch: (request, until) => transportWith('db').fetch(request, until),
    fetchMany: (requests, until) => Promise.all(requests.map((request) => transportWith('db').fetch(request, until))),
    close() {},
  }));

  expect(await late.fetchMany([{ name: 'db' }], signal)).toMatchObject([{ name: 'db' }]);
  expect(lazyTransport('kms.example', async () => transportWith('db'))).not.toHaveProperty('fetchMany');
});
