import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { globalAgent as httpAgent } from 'node:http';
import { globalAgent as httpsAgent } from 'node:https';
import { format, inspect } from 'node:util';
import { createSecretClient } from '@kms-secrets/core';
import type { Secret, SecretClient } from '@kms-secrets/core';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test, vi } from 'vitest';

function clientOf(kms: FakeKms): SecretClient {
  return createSecretClient({ credentials: kms.accessKey, endpoints: endpointsOf(kms) });
}

function endpointsOf(kms: FakeKms): { readonly endpoint: string; readonly caFilePath: string }[] {
  return kms.endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath }));
}

/** Every way in which JavaScript and Node turn a value into text. */
const printers: Readonly<Record<string, (printed: unknown) => string>> = {
  // `String` throws for an object without a prototype.
  'a template': (printed) => (Object.getPrototypeOf(printed) === null ? '' : String(printed)),
  'JSON.stringify': (printed) => JSON.stringify({ printed }),
  'util.inspect': (printed) => inspect(printed, { showHidden: true, depth: null, getters: true }),
  'util.format, which console.log uses': (printed) => format('%s %o %O %j', printed, printed, printed, printed),
  'a copy by spreading': (printed) => JSON.stringify({ ...(printed as object) }),
  structuredClone: (printed) => inspect(structuredClone({ ...(printed as object) }), { showHidden: true, depth: null }),
  'own and inherited properties': (printed) => propertiesOf(printed).join(),
};

test.each(Object.entries(printers))('%s shows no value of a secret', async (_, print) => {
  await using kms = await startFakeKms();
  kms.put('db', '{"password":"s3cret-one"}');
  kms.put('key', 's3cret-two', { dataType: 'binary' });
  await using client = clientOf(kms);
  const secrets = await client.getMany(['db', 'key']);
  secrets.db.json();

  const texts = [secrets.db, secrets.key, secrets, client, client.describe(), client.stats()].map((printed) =>
    print(printed),
  );

  expect(texts.filter((text) => text.includes('s3cret-'))).toHaveLength(0);
  expect(texts.filter((text) => text.includes(kms.accessKey.accessKeySecret))).toHaveLength(0);
});

test('a type error does not quote the value', async () => {
  await using kms = await startFakeKms();
  kms.put('db', 's3cret-one is no JSON');
  await using client = clientOf(kms);
  const secret = await client.get('db');

  const printed = [() => secret.json(), () => secret.bytes()].map((readAsOtherType) =>
    inspect(errorOf(readAsOtherType), { depth: null, showHidden: true }),
  );

  expect(printed.filter((text) => text.includes('s3cret-'))).toHaveLength(0);
});

test('a validation error does not quote an issue that contains the value', async () => {
  await using kms = await startFakeKms();
  kms.put('db', '{"password":"s3cret-one"}');
  await using client = clientOf(kms);
  const secret = await client.get('db');

  const error = errorOf(() => secret.json(quotingSchema));

  expect(inspect(error, { depth: null, showHidden: true }).includes('s3cret-')).toBe(false);
  expect(String(error)).toContain('password');
});

test('a client does not change the process: no listener, global, variable or child process', async () => {
  await using kms = await startFakeKms();
  kms.put('db', 's3cret-one');
  const children: unknown[] = [];
  const onChild = (message: unknown): void => void children.push(message);
  subscribe('child_process', onChild);
  onTestFinished(() => void unsubscribe('child_process', onChild));
  // An import may change the process, too.
  vi.resetModules();
  const before = processState();

  const { createSecretClient: create } = await import('@kms-secrets/core');
  const client = create({ credentials: kms.accessKey, endpoints: endpointsOf(kms) });
  await client.get('db');
  const during = processState();
  await client.close();

  expect(changes(before, during)).toEqual([]);
  expect(children).toHaveLength(0);
});

test.each<[string, () => void]>([
  ['listener SIGTERM', () => process.on('SIGTERM', noOperation)],
  ['variable KMS_SECRETS_OF_TEST', () => (process.env['KMS_SECRETS_OF_TEST'] = 'two')],
  ['global fetch', () => (globalThis.fetch = noOperation as never)],
  ['property assign of Object', () => (Object.assign = noOperation as never)],
  ['property toJSON of Object.prototype', () => Object.assign(Object.prototype, { toJSON: noOperation })],
  ['option maxSockets of https.globalAgent', () => (httpsAgent.maxSockets = 7)],
])('the comparison of processes notices a change of %s', (change, make) => {
  const { maxSockets } = httpsAgent;
  const { fetch } = globalThis;
  const { assign } = Object;
  process.env['KMS_SECRETS_OF_TEST'] = 'one';
  const before = processState();

  make();
  const during = processState();
  globalThis.fetch = fetch;
  Object.assign = assign;
  httpsAgent.maxSockets = maxSockets;
  delete (Object.prototype as { toJSON?: unknown }).toJSON;
  delete process.env['KMS_SECRETS_OF_TEST'];
  process.removeListener('SIGTERM', noOperation);

  expect(changes(before, during)).toEqual([change]);
});

function noOperation(): void {}

/** A Standard Schema validator that quotes the invalid value in its issues, as many do. */
const quotingSchema: NonNullable<Parameters<Secret['json']>[0]> & { readonly shape: object } = {
  // As Zod declares a property. A message shows no other name.
  shape: { password: {} },
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => ({ issues: [{ message: `Did not expect ${JSON.stringify(value)}.`, path: ['password'] }] }),
  },
};

function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return expect.fail('Expected an error, but nothing was thrown.');
}

/** The parts of a process that all of its code shares, by name. */
function processState(): ReadonlyMap<string, unknown> {
  const state = new Map<string, unknown>();
  for (const name of process.eventNames()) state.set(`listener ${String(name)}`, process.rawListeners(name));
  for (const [name, value] of Object.entries(process.env)) state.set(`variable ${name}`, value);
  for (const key of Reflect.ownKeys(globalThis)) state.set(`global ${String(key)}`, valueOf(globalThis, key));
  for (const [name, owner] of Object.entries(builtIns)) {
    for (const key of Reflect.ownKeys(owner)) state.set(`property ${String(key)} of ${name}`, valueOf(owner, key));
  }
  for (const [name, agent] of Object.entries({ 'http.globalAgent': httpAgent, 'https.globalAgent': httpsAgent })) {
    const { sockets, freeSockets, maxSockets, keepAlive } = agent as typeof agent & { readonly keepAlive: boolean };
    state.set(`sockets of ${name}`, [...Object.keys(sockets), ...Object.keys(freeSockets)]);
    state.set(`option maxSockets of ${name}`, maxSockets);
    state.set(`option keepAlive of ${name}`, keepAlive);
  }
  return state;
}

const builtIns: Readonly<Record<string, object>> = {
  Object,
  'Object.prototype': Object.prototype,
  'Array.prototype': Array.prototype,
  'Promise.prototype': Promise.prototype,
  'Error.prototype': Error.prototype,
  Error,
};

/** Not the value of an accessor, such as `globalThis.crypto`: reading it may load a module. */
function valueOf(owner: object, key: PropertyKey): unknown {
  const descriptor = Reflect.getOwnPropertyDescriptor(owner, key);
  return descriptor?.get ?? descriptor?.value;
}

/** The names of what differs, without values: a variable may be a secret. */
function changes(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => !isSame(before.get(name), after.get(name)));
}

function isSame(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return Object.is(one, other);
  return one.length === other.length && one.every((element, index) => Object.is(element, other[index]));
}

function propertiesOf(value: unknown): string[] {
  const seen: string[] = [];
  for (let owner: unknown = value; typeof owner === 'object' && owner !== null; owner = Object.getPrototypeOf(owner)) {
    for (const key of Reflect.ownKeys(owner)) {
      const property: unknown = Reflect.get(owner, key, value);
      if (typeof property !== 'function') seen.push(String(key), inspect(property, { depth: null, showHidden: true }));
    }
  }
  return seen;
}
