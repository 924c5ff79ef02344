// Imports nothing of the repository at its top: an import may change the process, too.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { globalAgent as httpAgent } from 'node:http';
import { globalAgent as httpsAgent } from 'node:https';
import { expect, onTestFinished, test } from 'vitest';

test('a client does not change the process: no listener, global, variable or child process', async () => {
  const children: unknown[] = [];
  const onChild = (message: unknown): void => void children.push(message);
  subscribe('child_process', onChild);
  onTestFinished(() => void unsubscribe('child_process', onChild));
  const beforeImport = processState();
  const { createSecretClient } = await import('@kms-secrets/core');
  const afterImport = processState();
  const { startFakeKms } = await import('@kms-secrets/testing');
  await using kms = await startFakeKms();
  kms.put('db', 's3cret-one');
  const before = processState();

  const endpoints = kms.endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath }));
  const client = createSecretClient({ credentials: kms.accessKey, endpoints });
  await client.get('db');
  const during = processState();
  await client.close();

  expect(changes(beforeImport, afterImport)).toEqual([]);
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
