import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { ExpectStatic } from 'vitest';

import type { FakeClock } from '../../fake-clock.ts';
import type { FakeKms } from '../../fake-kms/index.ts';
import type { FakeStore } from '../../fake-store.ts';
import type { AppClient } from './app-client.ts';

/** The fakes that a scenario prepares before the client exists. */
export interface ScenarioFakes {
  readonly kms: FakeKms;
  /** Shared by KMS and the client. It stands still until `clock.pass`. */
  readonly clock: FakeClock;
  /** An empty store that processes can share (`store.join()`). The client uses it only if `given` returns it as an option. */
  readonly store: FakeStore;
}

/** What a scenario acts on. */
export interface ScenarioFixture extends ScenarioFakes {
  readonly app: AppClient;
  /** The lines that the client has logged, each with its level in front. */
  readonly log: readonly string[];
  /** Closes the client, as an app does on shutdown. The app still responds to requests. */
  readonly close: () => Promise<void>;
  /** Opens a second client of the same KMS, as another process would have. */
  readonly openClient: (options: ScenarioClientOptions) => SecretClient;
}

/** The client options that a scenario may set. The fixture sets the others. */
export type ScenarioClientOptions = Omit<SecretClientOptions, 'clock' | 'credentials' | 'endpoints' | 'logger'>;

interface ScenarioDefinition<Result> {
  /** What a user can rely on, as a sentence. */
  readonly promise: string;
  /** The regions that the fake KMS serves. Default: one. */
  readonly regions?: readonly string[];
  /** The regions that the client is configured with. Default: all that KMS serves. */
  readonly endpoints?: readonly string[];
  /** Replaces `Math.random()` for the client. Default: always 0.5. */
  readonly random?: () => number;
  /** Fills the fake KMS, and returns the client's options. */
  readonly given: (fakes: ScenarioFakes) => ScenarioClientOptions | void;
  /** Acts, and returns what `then` checks. */
  readonly when: (fixture: ScenarioFixture) => Promise<Result>;
  readonly then: (result: Result, expect: ExpectStatic) => void;
}

/** A promise that any app, in any framework and over any transport, must keep. */
export interface Scenario extends Omit<ScenarioDefinition<unknown>, 'when' | 'then'> {
  readonly run: (fixture: ScenarioFixture, expect: ExpectStatic) => Promise<void>;
}

/** A scenario with the name of its file, such as `reading/empty-value`. */
export interface NamedScenario extends Scenario {
  readonly name: string;
}

/** Joins `when` and `then`, so that the type of their result needs no name in a list of scenarios. */
export function scenario<Result>({ when, then, ...rest }: ScenarioDefinition<Result>): Scenario {
  return {
    ...rest,
    async run(fixture, expect) {
      then(await when(fixture), expect);
    },
  };
}
