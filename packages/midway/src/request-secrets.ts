import { SecretSnapshot } from '@kms-secrets/core';
import type { MountOptions, SecretClient } from '@kms-secrets/core';
import type { Context, IMidwayApplication } from '@midwayjs/core';

const snapshots = new WeakMap<object, SecretSnapshot>();

/** Puts `ctx.secrets` on every context that the app creates: of a request, a message or a job. */
export function addSecretsToContexts(
  app: IMidwayApplication,
  client: SecretClient,
  { preload = [], schemas }: MountOptions,
): void {
  const createContext = app.createAnonymousContext.bind(app);
  /** Created by the first use. Names in memory are pinned at once, so that reading them needs no `await`. */
  function snapshotOf(this: Context): SecretSnapshot {
    const known = snapshots.get(this);
    if (known !== undefined) return known;
    const snapshot = new SecretSnapshot();
    snapshots.set(this, snapshot);
    const inMemory = preload.filter((name) => client.peek(name) !== undefined);
    void snapshot.mount(client, { schemas, preload: inMemory }); // returns nothing to wait for
    return snapshot;
  }
  app.createAnonymousContext = (context) =>
    // Not enumerable: loggers and serializers of contexts do not see it.
    Object.defineProperty(createContext(context), 'secrets', { get: snapshotOf, configurable: true });
}
