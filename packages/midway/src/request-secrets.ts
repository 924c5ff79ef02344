import { SecretSnapshot } from '@kms-secrets/core';
import type { MountOptions, ReadOptions, Secret, SecretClient, SnapshotSource } from '@kms-secrets/core';
import type { Context, IMidwayApplication } from '@midwayjs/core';

const snapshots = new WeakMap<object, SecretSnapshot>();
/** One per client, because snapshots listen to it. */
const sources = new WeakMap<SecretClient, SnapshotSource>();

/** Puts `ctx.secrets` on every context that the app creates: of a request, a message or a job. */
export function addSecretsToContexts(
  app: IMidwayApplication,
  client: SecretClient,
  { preload = [], schemas }: MountOptions,
): void {
  const createContext = app.createAnonymousContext.bind(app);
  const source = sources.get(client) ?? sourceOf(client);
  sources.set(client, source);
  /** Created by the first use. Names in memory are pinned at once, so that reading them needs no `await`. */
  function snapshotOf(this: Context): SecretSnapshot {
    const known = snapshots.get(this);
    if (known !== undefined) return known;
    const snapshot = new SecretSnapshot();
    snapshots.set(this, snapshot);
    const inMemory = preload.filter((name) => source.peek(name) !== undefined);
    void snapshot.mount(source, { schemas, preload: inMemory }); // returns nothing to wait for
    return snapshot;
  }
  app.createAnonymousContext = (context) =>
    // Not enumerable: loggers and serializers of contexts do not see it.
    Object.defineProperty(createContext(context), 'secrets', { get: snapshotOf, configurable: true });
}

/** A context is created without waiting. So a value past its TTL is read as it is, also while the client fetches it again. */
function sourceOf(client: SecretClient): SnapshotSource {
  return {
    peek: (name, options) => currentOf(client, name, options),
    get: (name, options) => client.get(name, options),
    getMany: (names) => client.getMany(names),
    on: (event, listener) => client.on(event, listener),
  };
}

function currentOf(client: SecretClient, name: string, options?: ReadOptions): Secret | undefined {
  try {
    return client.current(name, options);
  } catch {
    return undefined; // refused, dropped or too old: `get` has the reason
  }
}
