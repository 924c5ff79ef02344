import { createSecretClient } from '@kms-secrets/core';
import type { Logger, SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { ExpectStatic } from 'vitest';

import { FakeClock } from '../../fake-clock.ts';
import { startFakeKms } from '../../fake-kms/index.ts';
import type { FakeEndpoint, FakeKms, GatewayKind } from '../../fake-kms/index.ts';
import { FakeStore } from '../../fake-store.ts';
import { App } from './app-client.ts';
import type { GivenOptions, Scenario } from './scenario.ts';
import { settled } from './wait-until-idle.ts';

/** An app that listens on loopback. `close` ends it and leaves the client alone. */
export interface RunningApp {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts an app with the five routes around a client. */
export type StartApp = (client: SecretClient) => Promise<RunningApp>;

/** The options that bring a client to a fake KMS over the transport that is tried. */
export type Connect = (
  kms: FakeKms,
  endpoints: readonly FakeEndpoint[],
) => Pick<SecretClientOptions, 'credentials' | 'endpoints'>;

/** Who plays: an app, and the transport it asks KMS by. */
export interface Cast {
  readonly startApp: StartApp;
  readonly connect: Connect;
  /** What the transport asks: the shared gateway of each region, or a KMS instance in it. `shared` when left out. */
  readonly gateway?: GatewayKind;
}

/** Plays a scenario with one app and one transport. Throws if the promise does not hold. */
export async function perform(scenario: Scenario, cast: Cast, expect: ExpectStatic): Promise<void> {
  // A certificate is checked by the machine's calendar, so the scenario's begins there too.
  const clock = new FakeClock({
    date: Date.now(),
    random: scenario.random ?? (() => 0.5),
    settle: () => settle(),
  });
  let settle = (): Promise<void> => Promise.resolve();
  const { gateway = 'shared' } = cast;
  const regions = scenario.regions ?? ['cn-hangzhou'];
  const instances = regions.map((region, index) => ({ id: `kst-fake000${index}`, region }));
  await using kms = await startFakeKms({
    regions,
    ...(gateway === 'instance' && { instances }),
    clock,
    quota: false,
  });
  const log: string[] = [];
  const setting = { kms, clock, store: new FakeStore({ isShared: true, clock }) };
  const clients: SecretClient[] = [];
  const open = (options: GivenOptions): SecretClient => {
    const endpoints = kms.endpoints.filter(
      (endpoint) => endpoint.gateway === gateway && (scenario.endpoints?.includes(endpoint.region) ?? true),
    );
    const ways = cast.connect(kms, endpoints);
    const client = createSecretClient({ ...options, ...ways, clock, logger: writing(log) });
    clients.push(client);
    return client;
  };
  const client = open(scenario.given(setting) ?? {});
  const running = await cast.startApp(client);
  const app = new App(running.url);
  settle = () => settled({ kms, clients, app });
  try {
    await scenario.play({ ...setting, app, log, close: () => client.close(), another: open }, expect);
    expectNothingSecret({ said: app.said, log, kms }, expect);
  } finally {
    const closing = Promise.all(clients.map((opened) => opened.close()));
    // A store that hangs holds up a close until its time is up.
    await clock.pass('1s');
    await closing;
    await running.close();
  }
}

/** Holds for every scenario, whatever it is about. Compared as booleans: a failing test must not print them either. */
function expectNothingSecret(
  { said, log, kms }: { said: string; log: readonly string[]; kms: FakeKms },
  expect: ExpectStatic,
): void {
  const { accessKeyId, accessKeySecret } = kms.accessKey;
  for (const secret of ['s3cret-', accessKeyId, accessKeySecret]) {
    expect(said.includes(secret), 'an answer of the app shows a value or an access key').toBe(false);
    expect(log.join('\n').includes(secret), 'a log line shows a value or an access key').toBe(false);
  }
  expect(kms.badCertificateRequests, 'requests over a connection that should not have been trusted').toBe(0);
}

function writing(log: string[]): Logger {
  const level =
    (name: string) =>
    (message: string): void => {
      log.push(`${name} ${message}`);
    };
  return { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
}
