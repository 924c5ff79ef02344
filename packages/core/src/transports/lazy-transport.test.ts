import { FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { lazyBatchTransport, lazyTransport } from './lazy-transport.ts';

const { signal } = new AbortController();

function transportWith(name: string): FakeTransport {
  const transport = new FakeTransport();
  transport.put(name, 'v1');
  return transport;
}

test('loads the transport once, with the first fetch', async () => {
  let loads = 0;
  const lazy = lazyTransport('kms.example', async () => {
    loads += 1;
    return transportWith('db');
  });
  const loadsBefore = loads;

  const secrets = await Promise.all([lazy.fetch({ name: 'db' }, signal), lazy.fetch({ name: 'db' }, signal)]);
  await lazy.fetch({ name: 'db' }, signal);

  expect(loadsBefore).toBe(0);
  expect(secrets.map(({ name }) => name)).toEqual(['db', 'db']);
  expect(loads).toBe(1);
});

test('loads the transport again after a failed load', async () => {
  let hasNoDescriptors = true;
  const lazy = lazyTransport('kms.example', async () => {
    if (hasNoDescriptors) throw new Error('EMFILE');
    return transportWith('db');
  });
  const failed = lazy.fetch({ name: 'db' }, signal);
  await expect(failed).rejects.toThrow('EMFILE');

  hasNoDescriptors = false;

  expect(await lazy.fetch({ name: 'db' }, signal)).toMatchObject({ name: 'db' });
});

test('rejects when the signal aborts while the transport is loading', async () => {
  const controller = new AbortController();
  const lazy = lazyTransport('kms.example', () => new Promise(() => {}));
  const fetching = lazy.fetch({ name: 'db' }, controller.signal);

  controller.abort(new Error('too late'));

  await expect(fetching).rejects.toThrow('too late');
});

test('closes a transport that is still loading as soon as it is loaded', async () => {
  const loaded = transportWith('db');
  const lazy = lazyTransport('kms.example', async () => loaded);
  const fetching = lazy.fetch({ name: 'db' }, signal);

  await lazy.close();

  await fetching;
  expect(loaded.isClosed).toBe(true);
});

test('close does not load the transport, and closes a loaded one', async () => {
  let loads = 0;
  const loaded = transportWith('db');
  const load = async (): Promise<FakeTransport> => {
    loads += 1;
    return loaded;
  };

  await lazyTransport('kms.example', load).close();
  const loadsByClose = loads;
  const lazy = lazyTransport('kms.example', load);
  await lazy.fetch({ name: 'db' }, signal);
  await lazy.close();

  expect(loadsByClose).toBe(0);
  expect(loaded.isClosed).toBe(true);
});

test('has fetchMany only if the transport has it', async () => {
  const lazy = lazyBatchTransport('kms.example', async () => ({
    endpoint: 'kms.example',
    fetch: (request) => transportWith('db').fetch(request, signal),
    fetchMany: (requests, abort) => Promise.all(requests.map((request) => transportWith('db').fetch(request, abort))),
    close() {},
  }));

  expect(await lazy.fetchMany([{ name: 'db' }], signal)).toMatchObject([{ name: 'db' }]);
  expect(lazyTransport('kms.example', async () => transportWith('db'))).not.toHaveProperty('fetchMany');
});
