import { createSecretClient } from '@kms-secrets/core';
import type { Logger, SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { ExpectStatic } from 'vitest';

import { FakeClock } from '../../fake-clock.ts';
import { startFakeKms } from '../../fake-kms/index.ts';
import type { FakeEndpoint, FakeKms, GatewayKind } from '../../fake-kms/index.ts';
import { FakeStore } from '../../fake-store.ts';
import { AppClient } from './app-client.ts';
import type { Scenario, ScenarioClientOptions } from './scenario.ts';
import { waitUntilIdle } from './wait-until-idle.ts';

/** An app that listens on loopback. `close` stops it and does not close the client. */
export interface RunningApp {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts an app with the five routes around a client. */
export type StartApp = (client: SecretClient) => Promise<RunningApp>;

/** Returns the options that connect a client to the fake KMS over the transport under test. */
export type Connect = (
  kms: FakeKms,
  endpoints: readonly FakeEndpoint[],
) => Pick<SecretClientOptions, 'credentials' | 'endpoints'>;

/** What a scenario runs against: an app, and the transport between its client and KMS. */
export interface ScenarioSubject {
  readonly startApp: StartApp;
  readonly connect: Connect;
  /** The endpoints of the transport: the shared gateway of each region, or a KMS instance in it. Default: `shared`. */
  readonly gateway?: GatewayKind;
}

/** Runs a scenario against one app over one transport. Rejects if the promise is broken. */
export async function runScenario(scenario: Scenario, subject: ScenarioSubject, expect: ExpectStatic): Promise<void> {
  let settle = (): Promise<void> => Promise.resolve();
  const clock = new FakeClock({
    // TLS checks certificates against the machine's date, so the fake date starts there.
    date: Date.now(),
    random: scenario.random ?? (() => 0.5),
    settle: () => settle(),
  });
  const { gateway = 'shared' } = subject;
  const regions = scenario.regions ?? ['cn-hangzhou'];
  const instances = regions.map((region, index) => ({ id: `kst-fake000${index}`, region }));
  await using kms = await startFakeKms({
    regions,
    ...(gateway === 'instance' && { instances }),
    clock,
    quota: false,
  });
  const log: string[] = [];
  const fakes = { kms, clock, store: new FakeStore({ isShared: true, clock }) };
  const clients: SecretClient[] = [];
  const openClient = (options: ScenarioClientOptions): SecretClient => {
    const endpoints = kms.endpoints.filter(
      (endpoint) => endpoint.gateway === gateway && (scenario.endpoints?.includes(endpoint.region) ?? true),
    );
    const connection = subject.connect(kms, endpoints);
    const client = createSecretClient({ ...options, ...connection, clock, logger: collectingLogger(log) });
    clients.push(client);
    return client;
  };
  const client = openClient(scenario.given(fakes) ?? {});
  const running = await subject.startApp(client);
  const app = new AppClient(running.url);
  settle = () => waitUntilIdle({ kms, clients, app });
  try {
    await scenario.run({ ...fakes, app, log, close: () => client.close(), openClient }, expect);
    expectNoSecrets({ output: app.output, log, kms }, expect);
  } finally {
    const closing = Promise.all(clients.map((opened) => opened.close()));
    // A hanging store delays close() until its timeout.
    await clock.pass('1s');
    await closing;
    await running.close();
  }
}

/** Checked after every scenario. Compares booleans, so that a failing test prints no secret either. */
function expectNoSecrets(
  { output, log, kms }: { output: string; log: readonly string[]; kms: FakeKms },
  expect: ExpectStatic,
): void {
  const { accessKeyId, accessKeySecret } = kms.accessKey;
  for (const secret of ['s3cret-', accessKeyId, accessKeySecret]) {
    expect(output.includes(secret), 'a response of the app contains a value or an access key').toBe(false);
    expect(log.join('\n').includes(secret), 'a log line contains a value or an access key').toBe(false);
  }
  expect(kms.badCertificateRequests, 'requests over an untrusted connection').toBe(0);
}

function collectingLogger(log: string[]): Logger {
  const level =
    (name: string) =>
    (message: string): void => {
      log.push(`${name} ${message}`);
    };
  return { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
}
