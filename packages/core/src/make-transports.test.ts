import type { FakeEndpoint, FakeKms } from '@kms-secrets/testing';
import { describeTransport } from '@kms-secrets/testing/contracts';
import { fakeMachine } from './client/client.fixture.ts';
import { ExpiryMonitor } from './endpoint/expiry-monitor.ts';
import { makeTransports } from './make-transports.ts';
import { optionTable } from './options/option-table.ts';
import type { SecretClientOptions } from './options/options.ts';
import { layerOf, resolve } from './options/resolve.ts';
import type { SecretHook } from './ports/hook.ts';
import { guardedLogger, silentLogger } from './ports/logger.ts';
import { SecretEmitter } from './secret/events.ts';
import type { SecretTransport } from './ports/transport.ts';

/** The transport that a client with these options and a hook uses. Only hooks see request ids. */
function makeTransport(options: SecretClientOptions): SecretTransport {
  const hook: SecretHook = { transform: (secret) => secret };
  const { values, sources } = resolve(optionTable, [layerOf({ ...options, hook }, 'option')]);
  const context = {
    machine: fakeMachine(),
    options: values,
    sources,
    readOptions: () => values,
    issues: [],
    warnings: [],
  };
  const logger = guardedLogger(silentLogger);
  const events = new SecretEmitter(() => {});
  const closing = new AbortController().signal;
  const expiry = new ExpiryMonitor({ clock: values.clock, logger, events, closing });
  const [transport] = makeTransports({ ...context, logger, expiry });
  if (transport === undefined) throw new Error('No transport was made.');
  return transport;
}

function clientKeyFor({ gateway }: FakeEndpoint, kms: FakeKms): { clientKeyFile: string; password: string } {
  const { keyFile, password } = kms.createClientKey({ gateway, iterations: 1 });
  return { clientKeyFile: keyFile, password };
}

const connectTimeout = '50s'; // for a busy machine

describeTransport('a region with a client key in `credentials`', (fakeEndpoint, kms) => {
  const { endpoint } = fakeEndpoint;
  return makeTransport({
    credentials: { type: 'client_key', ...clientKeyFor(fakeEndpoint, kms) },
    endpoints: [{ endpoint, caFilePath: kms.caFilePath }],
    connectTimeout,
  });
});

describeTransport(
  'an instance with a client key',
  (fakeEndpoint, kms) => {
    const { endpoint } = fakeEndpoint;
    return makeTransport({
      endpoints: [{ endpoint, caFilePath: kms.caFilePath, ...clientKeyFor(fakeEndpoint, kms) }],
      connectTimeout,
    });
  },
  { gateway: 'instance' },
);
