import type { SecretClient, SecretClientOptions } from '@kms-secrets/core';
import type { ExpectStatic } from 'vitest';

import type { FakeClock } from '../../fake-clock.ts';
import type { FakeKms } from '../../fake-kms/index.ts';
import type { FakeStore } from '../../fake-store.ts';
import type { App } from './app-client.ts';

/** What there is before the client. */
export interface Setting {
  readonly kms: FakeKms;
  readonly clock: FakeClock;
  /** An empty one, which processes can share (`store.join()`); the client has it if it is given it. */
  readonly store: FakeStore;
}

/** What a scenario acts upon. KMS and the client keep the same time, and it stands still until `clock.pass`. */
export interface Scene extends Setting {
  readonly app: App;
  /** What the client has logged, each line with its level in front. */
  readonly log: readonly string[];
  /** Closes the client, as an app does at its end; the app itself goes on answering. */
  readonly close: () => Promise<void>;
  /** One more process that reads from the same KMS, with a client of its own. */
  readonly another: (options: GivenOptions) => SecretClient;
}

/** The client's options but for who and where KMS is: those come from the transport that is tried. */
export type GivenOptions = Omit<SecretClientOptions, 'clock' | 'credentials' | 'endpoints' | 'logger'>;

interface ScenarioParts<Seen> {
  /** What a user can rely on, as a sentence. */
  readonly promise: string;
  /** Where the fake KMS listens; one region when left out. */
  readonly regions?: readonly string[];
  /** The regions the client knows of; all of them when left out. */
  readonly endpoints?: readonly string[];
  /** What the client draws; always 0.5 when left out. */
  readonly random?: () => number;
  /** Fills the fake KMS, and says how the client is set. */
  readonly given: (setting: Setting) => GivenOptions | void;
  /** Acts, and returns what is to be judged. */
  readonly when: (scene: Scene) => Promise<Seen>;
  readonly then: (seen: Seen, expect: ExpectStatic) => void;
}

/** A promise that any app, of any framework, over any transport, can be asked to keep. */
export interface Scenario extends Omit<ScenarioParts<unknown>, 'when' | 'then'> {
  readonly play: (scene: Scene, expect: ExpectStatic) => Promise<void>;
}

/** A scenario with the name of its file, such as `reading/empty-value`. */
export interface NamedScenario extends Scenario {
  readonly name: string;
}

/** Ties `when` and `then` together, so that what is seen keeps its type between the two and needs none outside. */
export function scenario<Seen>({ when, then, ...rest }: ScenarioParts<Seen>): Scenario {
  return {
    ...rest,
    async play(scene, expect) {
      then(await when(scene), expect);
    },
  };
}
